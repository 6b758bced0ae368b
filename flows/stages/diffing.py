"""The difference between two releases, read from what each of them pins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from infra.store import Store
from schemas.chunk import CHUNK
from schemas.document import DOCUMENT
from schemas.feature import FEATURE_ROW, FEATURES
from schemas.release import Release, TableVersion
from transforms.release_changes import (
    CHUNK_COLUMNS,
    DOCUMENT_COLUMNS,
    ENTITY_COLUMNS,
    ChunkChanges,
    DocumentChanges,
    chunk_changes,
    document_changes,
    entity_changes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """What is in release `after` and not the same in release `before`."""

    before: int
    after: int
    documents: DocumentChanges
    chunks: dict[str, ChunkChanges]
    """By the index's name."""
    features: dict[str, ChunkChanges] = field(default_factory=dict)
    """Rows of entities' facts, by the feature's name."""

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as scripts read it."""
        return {
            "from": self.before,
            "to": self.after,
            "documents": self.documents.as_dict(),
            "chunks": {name: found.as_dict() for name, found in self.chunks.items()},
            "features": {name: found.as_dict() for name, found in self.features.items()},
        }


def diff(store: Store, before: Release, after: Release) -> ReleaseDiff:
    """Compare two releases; a table that both pin at the same version is not read."""
    old, new = before.tables.get("documents"), after.tables.get("documents")
    documents = DocumentChanges()
    if old != new:
        empty = DOCUMENT.empty_table().select(DOCUMENT_COLUMNS)
        documents = document_changes(_rows(store, old, empty), _rows(store, new, empty))
    names = sorted({*before.indexes, *after.indexes})
    return ReleaseDiff(
        before=before.release,
        after=after.release,
        documents=documents,
        chunks={name: _chunks(store, _table(before, name), _table(after, name)) for name in names},
        features={
            table.removeprefix(FEATURES): _facts(store, before.tables.get(table), after.tables.get(table))
            for table in sorted({*before.tables, *after.tables})
            if table.startswith(FEATURES)
        },
    )


def _chunks(store: Store, old: TableVersion | None, new: TableVersion | None) -> ChunkChanges:
    if old == new:
        return ChunkChanges()
    if old is None or new is None or old.name != new.name:
        added, removed = (side.rows if side else 0 for side in (new, old))
        return ChunkChanges(added=added, removed=removed, rebuilt=old is not None and new is not None)
    empty = CHUNK.empty_table().select(CHUNK_COLUMNS)
    return chunk_changes(_rows(store, old, empty), _rows(store, new, empty))


def _facts(store: Store, old: TableVersion | None, new: TableVersion | None) -> ChunkChanges:
    if old == new:
        return ChunkChanges()
    empty = FEATURE_ROW.empty_table().select(ENTITY_COLUMNS)
    return entity_changes(_rows(store, old, empty), _rows(store, new, empty))


def _table(release: Release, index: str) -> TableVersion | None:
    state = release.indexes.get(index)
    return release.tables.get(str(state["table"])) if state else None


def _rows(store: Store, pinned: TableVersion | None, empty: pa.Table) -> pa.Table:
    if pinned is None:
        return empty
    return store.scan(pinned.name, empty.schema.names, version=pinned.version)
