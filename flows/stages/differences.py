"""What a run would change in each released table, computed before the store is locked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from flows.ledger import Ledger
from flows.workspace import Workspace
from infra.store.filters import both, equals, is_in
from infra.store.staging import Staging, Valid
from schemas.chunk import CHUNK
from schemas.document import DOCUMENT
from schemas.project import SourceSection
from schemas.release import Release
from transforms.changes import changed_rows

LOOKUP_KEYS = 1_000
COMPARED = {
    "document_id": tuple(
        name
        for name in DOCUMENT.names
        if name not in ("text", "elements", "messages", "run_id", "fetched_at")
    ),
    "chunk_id": tuple(name for name in CHUNK.names if name not in ("text", "quote")),
}
"""Columns that decide whether a row is the same; texts are compared by their hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one released table gains and loses, by key."""

    added: frozenset[str] = frozenset()
    updated: frozenset[str] = frozenset()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything would change."""
        return bool(self.added or self.updated or self.removed)

    def __add__(self, other: Difference) -> Difference:
        """Return both, of other keys each."""
        return Difference(
            added=self.added | other.added,
            updated=self.updated | other.updated,
            removed=(*self.removed, *other.removed),
        )

    @property
    def growth(self) -> int:
        """How many rows the table gains."""
        return len(self.added) - len(self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A run whose work is staged, beside the release it would follow."""

    workspace: Workspace
    base: Release | None
    staging: Staging
    valid: Valid
    ledger: Ledger
    section: SourceSection
    source: str
    gone: tuple[str, ...]

    def released(self, table: str, where: str | None, columns: Iterable[str] | None) -> pa.Table | None:
        """Return rows of a table as the base release pins it, or None when it has no such table."""
        if self.base is None or table not in self.base.tables:
            return None
        return self.workspace.store.scan(table, columns, where=where, version=self.base.tables[table].version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """A whole publication in terms of rows."""

    documents: Difference
    chunks: dict[str, Difference]
    relabeled: frozenset[str] = frozenset()
    """Documents whose acl, labels or language moved, and nothing else."""
    restaled: frozenset[str] = frozenset()
    """Documents that no longer pass and stay in their last good version."""
    unbuilt: tuple[str, ...] = ()
    """Chunk tables the base release does not have."""

    def __bool__(self) -> bool:
        """Tell whether a release is due."""
        carried = self.relabeled or self.restaled or self.unbuilt
        return bool(self.documents or any(self.chunks.values()) or carried)


def differences(staged: Staged) -> Differences:
    """Compare what is staged with the release it would follow."""
    removed, stale = _removed_and_stale(staged)
    documents, still = _documents(staged, removed, stale)
    touched = documents.added | documents.updated | set(documents.removed)
    tables = [index.table for index in staged.workspace.indexes.values()]
    known = {row["document_id"]: row for item in staged.ledger.known.values() for row in item.documents}
    relabeled = staged.ledger.relabeled_documents()
    return Differences(
        documents=documents,
        chunks={table: _chunks(staged, table, touched, touched & known.keys()) for table in tables},
        relabeled=frozenset(relabeled - set(documents.removed) - still),
        restaled=frozenset(one for one in stale - still if one in known and known[one]["status"] == "live"),
        unbuilt=tuple(table for table in tables if staged.base is None or table not in staged.base.tables),
    )


def of_chunks(staged: Staged, table: str) -> Difference:
    """Compare a table's staged chunks with the released ones of the same documents."""
    rows = staged.staging.scan(table, ["document_id"], staged.valid)
    touched = set() if rows is None else set(rows["document_id"].to_pylist())
    return _chunks(staged, table, touched, touched)


def of_vectors(staged: Staged, table: str) -> Difference:
    """Compare nothing but vectors: chunks that are released and staged, with others."""
    new = staged.staging.scan(table, ["chunk_id", "document_id", "vector"], staged.valid)
    if new is None:
        return Difference()
    documents = sorted(set(new["document_id"].to_pylist()))
    columns = ["chunk_id", "vector"]
    schema = pa.schema([new.schema.field(name) for name in columns])
    total = Difference()
    for part in _slices(documents):
        mine = new.filter(pc.is_in(new["document_id"], pa.array(part, pa.string()))).select(columns)
        old = _released_rows(staged, table, is_in("document_id", part), columns, schema)
        total += _compared(mine, old, "chunk_id")
    return Difference(updated=total.updated)


def _removed_and_stale(staged: Staged) -> tuple[set[str], set[str]]:
    def documents(keys: Iterable[str]) -> set[str]:
        known = staged.ledger.known
        return {str(row["document_id"]) for key in keys if key in known for row in known[key].documents}

    removed = documents(staged.gone)
    rejected = staged.ledger.failing_documents()
    return (removed, rejected) if staged.ledger.keep else (removed | rejected, set())


def _documents(staged: Staged, removed: set[str], stale: set[str]) -> tuple[Difference, set[str]]:
    """Compare documents key by key, so many at once; of keys that are new, the ids alone are read.

    Returns besides which documents of known items are staged again.
    """
    ids = staged.staging.scan("documents", ["document_id", "key"], staged.valid)
    ids = DOCUMENT.empty_table().select(["document_id", "key"]) if ids is None else ids
    known = {key for key, item in staged.ledger.known.items() if item.documents}
    keys = pa.array(sorted(set(ids["key"].to_pylist()) & known), pa.string())
    fresh = ids.filter(pc.invert(pc.is_in(ids["key"], keys)))["document_id"]
    mine, columns = equals("source", staged.source), COMPARED["document_id"]
    total = Difference(added=frozenset(fresh.to_pylist()))
    for part in _slices(keys.to_pylist()):
        new = staged.staging.scan("documents", columns, staged.valid, where=is_in("key", part))
        assert new is not None  # noqa: S101 - its ids were read above
        old = _released_rows(staged, "documents", both(mine, is_in("key", part)), columns, DOCUMENT)
        total += _compared(_timeless(new), _timeless(old), "document_id")
    dropped = (set(total.removed) - stale) | removed
    again = ids.filter(pc.is_in(ids["key"], keys))["document_id"]
    return replace(total, removed=tuple(sorted(dropped))), set(again.to_pylist())


def _timeless(documents: pa.Table) -> pa.Table:
    """Forget when an item of many records was last written: that does not change each of them."""
    time = documents["source_at"]
    own = pc.if_else(pc.is_valid(documents["record"]), pa.scalar(None, time.type), time)
    return documents.set_column(documents.schema.get_field_index("source_at"), "source_at", own)


def _chunks(staged: Staged, table: str, touched: AbstractSet[str], released: AbstractSet[str]) -> Difference:
    """Compare the chunks of touched documents, of which some are released; of new ones ids alone are read."""
    ids = staged.staging.scan(table, ["chunk_id", "document_id"], staged.valid)
    ids = CHUNK.empty_table().select(["chunk_id", "document_id"]) if ids is None else ids
    if staged.base is None or table not in staged.base.tables:
        return Difference(added=frozenset(ids["chunk_id"].to_pylist()))
    fresh = ids.filter(pc.is_in(ids["document_id"], pa.array(sorted(touched - released), pa.string())))
    total, columns = Difference(added=frozenset(fresh["chunk_id"].to_pylist())), COMPARED["chunk_id"]
    for part in _slices(sorted(released)):
        where = is_in("document_id", part)
        new = staged.staging.scan(table, columns, staged.valid, where=where)
        new = CHUNK.empty_table().select(columns) if new is None else new
        total += _compared(new, _released_rows(staged, table, where, columns, CHUNK), "chunk_id")
    return total


def _slices(values: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(values), LOOKUP_KEYS):
        yield values[at : at + LOOKUP_KEYS]


def _compared(new: pa.Table, old: pa.Table, key: str) -> Difference:
    before = set(old[key].to_pylist())
    differing = set(changed_rows(new, old, key=key)[key].to_pylist())
    return Difference(
        added=frozenset(differing - before),
        updated=frozenset(differing & before),
        removed=tuple(sorted(before - set(new[key].to_pylist()))),
    )


def _released_rows(
    staged: Staged, table: str, where: str | None, columns: Iterable[str], schema: pa.Schema
) -> pa.Table:
    empty = schema.empty_table().select(list(columns))
    found = staged.released(table, where, columns)
    return empty if found is None else found.cast(empty.schema)
