"""The index of a feature's table: looking one entity up stays fast when there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lancedb.table import Table

INDEXED_ROWS = 20_000
"""Below this a scan finds an entity in a few milliseconds."""
BEHIND_SHARE = 0.05
NAME = "entity_idx"


def refresh_entity_index(table: Table) -> None:
    """Build the index of a large table's entities, or extend it when it has fallen behind."""
    rows = table.count_rows()
    if rows <= INDEXED_ROWS:
        return
    stats = table.index_stats(NAME) if NAME in {index.name for index in table.list_indices()} else None
    if stats is None:
        _build(table)
    elif stats.num_unindexed_rows > BEHIND_SHARE * rows:
        _extend(table)


def _build(table: Table) -> None:
    from lancedb.index import BTree

    table.create_index("entity", config=BTree())


def _extend(table: Any) -> None:
    table.to_lance().optimize.optimize_indices()
    table.checkout_latest()
