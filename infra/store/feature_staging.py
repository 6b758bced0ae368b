"""Staging of a feature: rows as they are read, until all of a reading is published.

A batch's rows are appended before its marker, which says how far the reading had come. A reading by a cursor
that broke off goes on behind its last marker; rows without a marker are read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from infra.store.connection import Store
from infra.store.heal import STAGING, heal_staging
from schemas.errors import ConflictError

if TYPE_CHECKING:
    from lancedb.table import Table

BATCH, NUMBER = "staged_batch", "staged_n"
"""Columns that staged rows have besides their table's."""
PUBLISH_ROWS, PUBLISH_BYTES = 20_000, 8 * 1024**2
"""Rows merged at once, whichever comes first."""
KEYS = ("run_id", "row_id", "row_hash", "entity")

MARKER = pa.schema(
    [
        pa.field("batch", pa.string(), nullable=False),
        pa.field("work", pa.string(), nullable=False),  # hash of what was to be read
        pa.field("reached", pa.string(), nullable=False),  # the largest cursor up to here
        pa.field("rows", pa.int64(), nullable=False),  # staged up to here
    ]
)
"""One row is one batch that is staged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far an unfinished reading had come."""

    cursor: str
    batches: frozenset[str]


class FeatureStaging:
    """What one run of a feature has read. Its owner holds the feature's lock."""

    def __init__(self, store: Store, feature: str) -> None:
        self._store = store
        self._rows = f"{STAGING}{feature}__rows"
        self._markers = f"{STAGING}{feature}__items"
        store.mend()
        heal_staging(store, feature)

    def reached(self, work: str) -> Reached | None:
        """Return how far an earlier run of the same work had come; what is not of it is dropped."""
        rows = self._store.scan(self._markers).to_pylist() if self._store.has(self._markers) else []
        if not rows or any(row["work"] != work for row in rows):
            self.drop()
            return None
        last = max(rows, key=lambda row: row["rows"])
        return Reached(cursor=last["reached"], batches=frozenset(row["batch"] for row in rows))

    def append(self, rows: pa.Table, batch: str, first: int) -> int:
        """Append a batch's rows, numbered from `first`, and return their bytes in memory."""
        if rows.num_rows:
            schema = pa.schema([field.remove_metadata() for field in rows.schema])
            numbers = pa.array(range(first, first + rows.num_rows), pa.int64())
            batches = pa.array([batch] * rows.num_rows, pa.string())
            staged = rows.cast(schema).append_column(BATCH, batches).append_column(NUMBER, numbers)
            self._table(staged.schema).add(staged)
        return int(rows.nbytes)

    def _table(self, schema: pa.Schema) -> Table:
        try:
            return self._store.ensure(self._rows, schema)
        except ValueError as problem:  # an unfinished run staged other columns
            self.drop()
            raise ConflictError(
                "the columns changed since an unfinished run read them", fix="run it again from the start"
            ) from problem

    def mark(self, batch: str, work: str, reached: str, rows: int) -> None:
        """Say that a batch is staged; from then on a reading that breaks off goes on behind it."""
        row = {"batch": batch, "work": work, "reached": reached, "rows": rows}
        self._store.ensure(self._markers, MARKER).add(pa.Table.from_pylist([row], schema=MARKER))

    def keys(self, batches: frozenset[str]) -> pa.Table:
        """Return the number, ids and hashes of the rows of some batches."""
        empty = pa.table({"n": pa.array([], pa.int64()), **dict.fromkeys(KEYS, pa.array([], pa.string()))})
        if not self._store.has(self._rows):
            return empty
        rows = self._store.scan(self._rows, [*KEYS, BATCH, NUMBER])
        mine = rows.filter(pc.is_in(rows[BATCH], pa.array(sorted(batches), pa.string())))
        return mine.rename_columns({NUMBER: "n"}).select(empty.schema.names).cast(empty.schema)

    def next_number(self) -> int:
        """Return the number of the next row to be staged."""
        return int(self._store.open(self._rows).count_rows()) if self._store.has(self._rows) else 0

    def numbered(self, numbers: pa.Array, schema: pa.Schema) -> Iterator[pa.Table]:
        """Yield the rows with these numbers, as their table's schema has them."""
        waiting: list[pa.Table] = []
        for part in self._parts():
            rows = part.filter(pc.is_in(part[NUMBER], numbers)).drop_columns([BATCH, NUMBER])
            waiting += [rows.cast(schema)] if rows.num_rows else []
            if _is_full(waiting):
                yield pa.concat_tables(waiting)
                waiting = []
        if waiting:
            yield pa.concat_tables(waiting)

    def _parts(self) -> Iterator[pa.Table]:
        """Yield what was staged, a batch at a time: a scan of all of it reads hundreds of megabytes ahead."""
        if self._store.has(self._rows):
            staged: Any = self._store.open(self._rows).to_lance()
            for fragment in staged.get_fragments():
                yield fragment.to_table()

    def drop(self) -> None:
        """Delete everything staged; the markers go first, so that half a drop is nothing staged."""
        for name in (self._markers, self._rows):
            self._store.drop(name)


def _is_full(waiting: list[pa.Table]) -> bool:
    rows, size = sum(one.num_rows for one in waiting), sum(one.nbytes for one in waiting)
    return bool(rows >= PUBLISH_ROWS or size >= PUBLISH_BYTES)
