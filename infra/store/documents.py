"""Documents at a release, for whoever may read them there, may read them now, and was not denied since."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from infra.store.connection import Store
from infra.store.denials import denied_entries, forbidden
from infra.store.filters import both, equals, readable_by
from schemas.release import Release


def readable_document(
    store: Store, pinned: Release, newest: Release, entries: Collection[str], document_id: str
) -> dict[str, Any] | None:
    """Return a document as it was at a release; None for one that is not there, or may not be read."""
    then = _row(store, pinned, entries, document_id)
    if then is None:
        return None
    left = set(entries) - denied_entries(store, document_id)
    now = _row(store, newest, left, document_id, columns=["document_id"])
    return then if now is not None else None


def readable_documents(
    store: Store, pinned: Release, newest: Release, entries: Collection[str]
) -> frozenset[str]:
    """Return the ids of all documents that a caller may read at a release."""
    version = pinned.tables["documents"].version
    rows = store.scan("documents", ["document_id"], where=readable_by(entries), version=version)
    return frozenset(rows["document_id"].to_pylist()) - set(forbidden(store, pinned, newest, entries))


def _row(
    store: Store,
    release: Release,
    entries: Collection[str],
    document_id: str,
    columns: list[str] | None = None,
) -> dict[str, Any] | None:
    where = both(equals("document_id", document_id), readable_by(entries))
    version = release.tables["documents"].version
    rows = store.scan("documents", columns, where=where, version=version).to_pylist()
    return rows[0] if rows else None
