"""Search indices of a released table: built once it has rows, extended when enough rows are not in them.

Search is right on unindexed rows too, only slower; extending at every release would copy the index
(2.6 MB a release at 20k chunks, and 36 MB with `optimize`, against 0.1 MB without).
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.store.words import word_settings
from schemas.errors import ConflictError, StoreError

if TYPE_CHECKING:
    from lancedb.table import Table

    from infra.store.connection import Store

LOG = logging.getLogger("headwater.store")
ROOT = Path(__file__).parents[2]
CHILD_ROWS = 20_000
UNINDEXED_ROWS = 5_000
UNINDEXED_SHARE = 0.05
EXACT_ROWS = 20_000
"""Up to here a vector query scans (under 40 ms); above, IVF_RQ with refining is faster at the same recall."""


def refresh_indices(table: Table, store: Store) -> None:
    """Build what a chunk table is missing, and extend what has fallen behind.

    A large table's indices are built in a child: what that takes in memory ends with it. Raises StoreError
    when the child fails, ConflictError when somebody else wrote to the table meanwhile.
    """
    steps = due(table)
    if steps and table.count_rows() > CHILD_ROWS:
        _in_a_child(table, store, steps)
    else:
        take(table, steps)


def due(table: Table) -> tuple[str, ...]:
    """Return the steps that would bring a table's indices up to date; a table without vectors has none."""
    if not {"acl", "vector", "text"} <= set(table.schema.names) or table.count_rows() == 0:
        return ()
    indices = {index.name: index for index in table.list_indices()}
    present = indices.keys()
    steps = ["build"] if "text_idx" not in present else ["extend"] if _behind(table) else []
    if "text_idx" in present and not _reads(indices["text_idx"], word_settings(table)):
        steps.append("words")
    if "vector_idx" not in present and table.count_rows() > EXACT_ROWS:
        steps.append("vectors")
    return tuple(steps)


def take(table: Table, steps: Sequence[str]) -> None:
    """Take steps in this process."""
    for step in steps:
        {"build": _build, "extend": _extend, "words": _index_words, "vectors": _index_vectors}[step](table)


def _in_a_child(table: Table, store: Store, steps: Sequence[str]) -> None:
    command = [sys.executable, "-m", "infra.store.index_child", store.uri, table.name, *steps]
    options = json.dumps(store.options)  # on stdin: a command line is there for everybody to read
    done = subprocess.run(command, input=options, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise StoreError(
            f"building the indices of table {table.name!r} failed: {done.stderr.strip()[-500:]}",
            fix="free memory or disk space and run it again; what was staged is kept",
            state="the last release goes on serving",
        )
    told = json.loads(done.stdout)
    LOG.info("indices of %s: %.1f s and %d MB in a child", table.name, told["seconds"], told["peak_mb"])
    table.checkout_latest()  # type: ignore[no-untyped-call]
    if table.version != told["version"]:
        raise ConflictError(
            f"somebody else wrote to table {table.name!r} while its indices were built",
            fix="run it again; the next publisher restores the table first",
            state="the last release goes on serving",
        )


def _build(table: Table) -> None:
    from lancedb.index import FTS, Bitmap, LabelList

    present = {index.name for index in table.list_indices()}
    wanted: dict[str, tuple[str, Any]] = {
        "text_idx": ("text", FTS(**word_settings(table))),
        "acl_idx": ("acl", LabelList()),
        "source_idx": ("source", Bitmap()),
    }
    for name, (column, config) in wanted.items():
        if name not in present:
            table.create_index(column, config=config)


def _reads(index: Any, settings: dict[str, Any]) -> bool:
    """Return whether an index takes words apart as it should; its languages may have changed since."""
    details = index.index_details or {}
    return all(_same(details.get(name), value) for name, value in settings.items() if name in details)


def _same(one: Any, other: Any) -> bool:
    return sorted(one) == sorted(other) if isinstance(one, list) and isinstance(other, list) else one == other


def _index_words(table: Table) -> None:
    from lancedb.index import FTS

    table.create_index("text", config=FTS(**word_settings(table)), replace=True)


def _behind(table: Table) -> bool:
    stats = table.index_stats("text_idx")
    limit = max(UNINDEXED_ROWS, UNINDEXED_SHARE * table.count_rows())
    return stats is not None and stats.num_unindexed_rows > limit


def _extend(table: Any) -> None:
    table.to_lance().optimize.optimize_indices()
    table.checkout_latest()


def _index_vectors(table: Table) -> None:
    from lancedb.index import IvfRq

    table.create_index("vector", config=IvfRq(distance_type="cosine"))
