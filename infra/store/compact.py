"""Compaction: many small files become few, indices take up all rows, and what nothing pins is deleted.

`Table.optimize` is not used: with a tagged version older than its limit it stops before it reaches the
indices. Nothing here breaks a reader of a release: its versions are tagged, and stay.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from infra.store.connection import Store
from schemas.counts import count
from schemas.errors import StoreError

if TYPE_CHECKING:
    from lancedb.table import Table

FRAGMENTS = 4
"""More files than this are made one; fewer are not worth a copy."""
LOG_FRAGMENTS = 64
"""Of a log that gains one with each release, and is read again after it: 600 took longer than the release."""
DELETED_SHARE = 0.1
SEGMENTS = 100
"""Index segments merged at once: all that 1,000 small releases make."""


def needs_compaction(table: Table) -> bool:
    """Tell whether a table has many small files, many deleted rows, or rows outside its indices."""
    dataset: Any = table.to_lance()
    stats = dataset.stats.dataset_stats()
    rows = table.count_rows()
    deleted = stats["num_deleted_rows"] / max(1, rows + stats["num_deleted_rows"])
    return bool(stats["num_fragments"] > FRAGMENTS or deleted > DELETED_SHARE or _unindexed(table))


def compact_log(table: Table) -> None:
    """Make a log's many small files one. The caller holds the lock of its writers."""
    dataset: Any = table.to_lance()
    if dataset.stats.dataset_stats()["num_fragments"] > LOG_FRAGMENTS:
        compact(table)


def compact(table: Table) -> None:
    """Rewrite a table's files and indices through one handle, which stands at the new version then.

    Raises StoreError when rows are still outside an index. The caller holds the lock of the table's writers.
    """
    dataset: Any = table.to_lance()
    dataset.optimize.compact_files()
    if table.list_indices():
        dataset.optimize.optimize_indices(num_indices_to_merge=SEGMENTS)
    table.checkout_latest()  # type: ignore[no-untyped-call]
    if left := _unindexed(table):
        raise StoreError(
            f"still outside an index after compaction: {count(left, 'row')} of table {table.name!r}",
            fix="run `headwater maintain` again; if it repeats, report it",
        )


def clean(store: Store, name: str, *, older_than: timedelta) -> int:
    """Delete a table's versions that are older and that no tag pins, and return the bytes freed."""
    dataset: Any = store.open(name).to_lance()
    stats = dataset.cleanup_old_versions(older_than=older_than, error_if_tagged_old_versions=False)
    return int(stats.bytes_removed)


def _unindexed(table: Table) -> int:
    stats = (table.index_stats(index.name) for index in table.list_indices())
    return max((one.num_unindexed_rows for one in stats if one is not None), default=0)
