"""Denials: acl entries that no longer open a document, whatever a release says.

A rollback must not give a revoked right back: what the abandoned release had already narrowed is
written here, and stays until the source itself publishes the document again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from infra.store.connection import Store
from infra.store.filters import is_in, readable_by
from infra.store.rows import delete_rows, keys_there, put_rows
from schemas.document import PRIMARY_KEY
from schemas.release import Release

TABLE = "denials"
DENIAL = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("entries", pa.list_(pa.string()), nullable=False),  # acl entries that do not count
    ]
)


def forbidden(store: Store, pinned: Release, newest: Release, entries: Collection[str]) -> tuple[str, ...]:
    """Return the documents a caller may not read at a pinned release, though its acl there says so.

    A caller must be allowed by the pinned release and by the newest one, and not be denied since.
    """
    at, rows = store.derived_at(TABLE, lambda: store.scan(TABLE).to_pylist())
    documents = [release.tables["documents"].version for release in (pinned, newest)]
    if documents[0] == documents[1] and not rows:
        return ()

    def closed() -> tuple[str, ...]:
        then, now = (_readable(store, release, entries) for release in (pinned, newest))
        return tuple(sorted((then - now) | _denied(store, newest, entries, rows)))

    found: tuple[str, ...] = store.answers.made((TABLE, at, *documents, *entries), closed)
    return found


def denied_entries(store: Store, document_id: str) -> set[str]:
    """Return the acl entries that no longer open a document."""
    rows = store.derived(TABLE, lambda: store.scan(TABLE).to_pylist())
    return {entry for row in rows if row["document_id"] == document_id for entry in row["entries"]}


def deny_lost_rights(store: Store, target: Release, abandoned: Release) -> int:
    """Deny what `target` would allow and `abandoned` no longer does; return for how many documents."""
    before, after = _acls(store, target), _acls(store, abandoned)
    rows = [
        {"document_id": document, "entries": sorted(lost)}
        for document, acl in sorted(before.items())
        if document in after and (lost := acl - after[document])
    ]
    if rows:
        table = store.ensure(TABLE, DENIAL)
        put_rows(table, "document_id", pa.Table.from_pylist(rows, schema=DENIAL))
    return len(rows)


def lift(store: Store, documents: Iterable[str]) -> None:
    """Forget the denials of documents that their source has just published again."""
    wanted = sorted(documents)
    if not wanted or not store.has(TABLE):
        return
    table = store.open(TABLE)
    delete_rows(table, "document_id", keys_there(table, "document_id", wanted))


def _denied(
    store: Store, newest: Release, entries: Collection[str], rows: Sequence[dict[str, Any]]
) -> set[str]:
    if not rows:
        return set()
    where = is_in("document_id", [row["document_id"] for row in rows])
    acls = _acls(store, newest, where)
    mine = set(entries)
    return {
        row["document_id"]
        for row in rows
        if not (acls.get(row["document_id"], set()) - set(row["entries"])) & mine
    }


def _acls(store: Store, release: Release, where: str | None = None) -> dict[str, set[str]]:
    version = release.tables["documents"].version
    rows = store.scan("documents", ["document_id", "acl"], where=where, version=version)
    return dict(zip(rows["document_id"].to_pylist(), map(set, rows["acl"].to_pylist()), strict=True))


def _readable(store: Store, release: Release, entries: Collection[str]) -> set[str]:
    version = release.tables["documents"].version
    rows = store.scan("documents", ["document_id"], where=readable_by(entries), version=version)
    return set(pc.unique(rows["document_id"]).to_pylist())
