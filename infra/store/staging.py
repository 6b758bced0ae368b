"""Staging: where a run keeps what it has done until all of it is published.

Rows are appended per micro-batch, every row under the batch's id; the `items` marker of a batch is
appended last and is what makes the batch count. After a crash the next run of the source takes up
every marked item whose bytes and stage fingerprints are still the same, and ignores the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from infra.store.connection import Store
from infra.store.heal import STAGING, heal_staging
from infra.store.rows import append_rows
from infra.store.sample import sampled_texts

BATCH = pa.field("batch", pa.string(), nullable=False)

STAGED_ITEM = pa.schema(
    [
        BATCH,
        pa.field("source", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("work", pa.string(), nullable=False),  # hash of content, metadata and stage fingerprints
        pa.field("state", pa.string(), nullable=False),  # passed
        pa.field("content_hash", pa.string()),
    ]
)
"""One row is one item whose work is staged."""

MARKER = pa.schema([field for field in STAGED_ITEM if field.name != BATCH.name])
"""The same before it is appended: a batch gives its rows its own id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """Which staged rows count: those whose (source, key, batch) is of an item to be published."""

    source: str = ""
    batches: Mapping[str, str] = field(default_factory=dict)
    """Items of `source`, key to batch, as a ledger has them: a set of triples would take them twice."""
    others: frozenset[tuple[str, str, str]] = frozenset()

    def __contains__(self, row: tuple[str, str, str]) -> bool:
        source, key, batch = row
        return (source == self.source and self.batches.get(key) == batch) or row in self.others

    def __bool__(self) -> bool:
        return bool(self.batches or self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedBatch:
    """What one micro-batch stages: rows per released table, and the items they came from."""

    batch: str
    items: pa.Table
    rows: dict[str, pa.Table]


class Staging:
    """The staging tables of one source. Its owner holds the source's lock.

    Workers of a run only append, several at once, each batch under an id that no other attempt at it has.
    """

    def __init__(self, store: Store, source: str, *, owner: bool = True) -> None:
        self._store = store
        self._prefix = f"{STAGING}{source}__"
        self._items = f"{self._prefix}items"
        if not owner:
            return
        store.mend()  # before the run appends to a log whose newest rows a power cut took
        heal_staging(store, source)
        if store.has(self._items) and store.open(self._items).schema.names != STAGED_ITEM.names:
            self.drop()  # staged by another version of this code: done again rather than misread

    def append(self, staged: StagedBatch) -> int:
        """Append one micro-batch, its marker last, and return the bytes of its rows in memory."""
        written = 0
        for table, rows in staged.rows.items():
            if rows.num_rows:
                written += rows.nbytes
                self._add(f"{self._prefix}{table}", _marked(rows, staged.batch))
        self._add(
            self._items, _marked(staged.items, staged.batch).select(STAGED_ITEM.names).cast(STAGED_ITEM)
        )
        return written

    def mark(self, source: str, keys: Iterable[str], state: str) -> None:
        """Append markers that stand for no staged rows: what its owner wants to know after a crash."""
        rows = [{"batch": "", "source": source, "key": key, "work": "", "state": state} for key in keys]
        self._add(self._items, pa.Table.from_pylist(rows, schema=STAGED_ITEM))

    def items(self) -> list[dict[str, str]]:
        """Return the markers of staged items, oldest first."""
        return self._store.scan(self._items).to_pylist() if self._store.has(self._items) else []

    def stream(
        self, table: str, valid: Valid, columns: Iterable[str] | None = None, *, where: str | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows staged for a table that belong to valid items, without their batch."""
        name = f"{self._prefix}{table}"
        if not valid or not self._store.has(name):
            return
        wanted = list(self._store.open(name).schema.names if columns is None else columns)
        read = sorted({*wanted, "source", "key", "batch"})
        for rows in self._store.stream(name, columns=read, where=where):
            kept = _only(pa.Table.from_batches([rows]), valid)
            if kept.num_rows:
                yield kept.select([column for column in wanted if column != "batch"])

    def sampled_texts(self, table: str, rows: int) -> list[str]:
        """Return the texts of about so many chunks staged for a table."""
        name = f"{self._prefix}{table}"
        return sampled_texts(self._store, name, rows) if self._store.has(name) else []

    def scan(
        self, table: str, columns: Iterable[str], valid: Valid, *, where: str | None = None
    ) -> pa.Table | None:
        """Return columns of the valid rows staged for a table, or None when it was never staged."""
        name, wanted = f"{self._prefix}{table}", list(columns)
        if not self._store.has(name):
            return None
        schema = self._store.open(name).schema
        empty = pa.schema([schema.field(column) for column in wanted]).empty_table()
        return pa.concat_tables([empty, *self.stream(table, valid, wanted, where=where)])

    def drop(self) -> None:
        """Delete everything staged; the markers go first, so that half a drop is nothing staged."""
        names = sorted(n for n in self._store.names() if n.startswith(self._prefix))
        for name in sorted(names, key=lambda n: n != self._items):
            self._store.drop(name)

    def _add(self, name: str, rows: pa.Table) -> None:
        append_rows(self._store.ensure(name, rows.schema), rows)


def _only(rows: pa.Table, valid: Valid) -> pa.Table:
    keys = zip(*(rows[name].to_pylist() for name in ("source", "key", "batch")), strict=True)
    return rows.filter(pa.array([key in valid for key in keys], pa.bool_()))


def _marked(rows: pa.Table, batch: str) -> pa.Table:
    schema = pa.schema([field.remove_metadata() for field in rows.schema])
    return rows.cast(schema).append_column(BATCH, pa.array([batch] * rows.num_rows, pa.string()))
