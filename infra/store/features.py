"""Looking entities up in released feature tables, with nothing in it that the caller may not read.

A caller must be allowed by the row itself, and by the entity's newest row of the newest release: going back
in time, or back to an older release, never gives a revoked right back. What a rollback would give back is
denied, under an id of the feature and the entity, as documents are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa

from infra.store import denials
from infra.store.connection import Store
from infra.store.filters import both, equals, readable_by
from infra.store.rows import delete_rows, put_rows
from schemas.errors import NotFoundError
from schemas.feature import FEATURE_ROW, FEATURES, table_of
from schemas.release import Release


def entity_rows(
    store: Store, pinned: Release, newest: Release, feature: str, key: str, entries: Sequence[str]
) -> pa.Table:
    """Return the rows of an entity at a pinned release that a caller may read, oldest first.

    A release older than the feature has none. Raises NotFoundError when the newest one has no such feature.
    """
    table = table_of(feature)
    if table not in newest.tables:
        there = ", ".join(sorted(n.removeprefix(FEATURES) for n in newest.tables if n.startswith(FEATURES)))
        raise NotFoundError(
            f"release {newest.release} has no feature {feature!r} (it has: {there or 'none'})",
            fix=f"run `headwater ingest --source {feature}`",
        )
    if table not in pinned.tables:
        return FEATURE_ROW.empty_table()
    allowed = set(entries) - _denied(store, table, key)
    where = both(equals("entity", key), readable_by(allowed))
    rows = store.scan(table, where=where, version=pinned.tables[table].version)
    if not _still_readable(store, newest, table, key, allowed):
        rows = rows.slice(0, 0)
    return rows.sort_by("event_at")


def deny_lost_rights(store: Store, target: Release, abandoned: Release) -> int:
    """Deny what the feature tables of `target` would allow and those of `abandoned` no longer do."""
    rows = [
        {"document_id": _denial(table, entity), "entries": sorted(lost)}
        for table in sorted(target.tables.keys() & abandoned.tables.keys())
        if table.startswith(FEATURES) and target.tables[table] != abandoned.tables[table]
        for entity, lost in _lost(_acls(store, target, table), _acls(store, abandoned, table))
    ]
    if rows:
        put_rows(
            store.ensure(denials.TABLE, denials.DENIAL),
            "document_id",
            pa.Table.from_pylist(rows, schema=denials.DENIAL),
        )
    return len(rows)


def lift(store: Store, feature: str, entities: pa.ChunkedArray) -> None:
    """Forget the denials of entities whose facts have just been published again."""
    denied = (
        store.scan(denials.TABLE, ["document_id"])["document_id"].to_pylist()
        if store.has(denials.TABLE)
        else []
    )
    mine = f"{table_of(feature)}/"
    wanted = [one for one in denied if one.startswith(mine)]
    if wanted:
        again = set(entities.to_pylist())
        lifted = [one for one in wanted if one.removeprefix(mine) in again]
        delete_rows(store.open(denials.TABLE), "document_id", lifted)


def _still_readable(store: Store, newest: Release, table: str, key: str, allowed: Collection[str]) -> bool:
    version = newest.tables[table].version
    rows = store.scan(table, ["event_at", "acl"], where=equals("entity", key), version=version)
    if not rows.num_rows:
        return False
    latest = rows.sort_by("event_at")["acl"][-1].as_py()
    return bool(set(latest) & set(allowed))


def _denied(store: Store, table: str, key: str) -> set[str]:
    rows = store.derived(denials.TABLE, lambda: store.scan(denials.TABLE).to_pylist())
    wanted = _denial(table, key)
    return {entry for row in rows if row["document_id"] == wanted for entry in row["entries"]}


def _lost(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[tuple[str, set[str]]]:
    return [(one, lost) for one, acl in sorted(before.items()) if one in after and (lost := acl - after[one])]


def _acls(store: Store, release: Release, table: str) -> dict[str, set[str]]:
    """Return who may read each entity: what its newest row says."""
    version = release.tables[table].version
    rows = store.scan(table, ["entity", "event_at", "acl"], version=version).sort_by("event_at")
    return dict(zip(rows["entity"].to_pylist(), map(set, rows["acl"].to_pylist()), strict=True))


def _denial(table: str, entity: str) -> str:
    return f"{table}/{entity}"
