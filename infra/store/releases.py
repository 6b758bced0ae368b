"""Reading releases: which is current, what it names, how it was made."""

from __future__ import annotations

import json
from datetime import datetime

import pyarrow as pa

from infra.store.connection import Store
from schemas.errors import NotFoundError
from schemas.release import RELEASE, Release, TableVersion

TABLE = "releases"
RELEASED_PREFIXES = ("documents", "chunks__", "features__")


def is_released(table: str) -> bool:
    """Tell whether a table belongs to releases: logs, caches and staging do not."""
    return table.startswith(RELEASED_PREFIXES)


def releases(store: Store) -> list[Release]:
    """Return every release that may be opened, oldest first; read again only when there is a newer one."""
    return [release for release in with_expired(store) if release.expired_at is None]


def with_expired(store: Store) -> list[Release]:
    """Return every release, those too that readers may still finish with but nobody may open."""
    return store.derived(TABLE, lambda: _read(store))


def current(store: Store) -> Release | None:
    """Return the newest release, or None before the first one."""
    found = releases(store)
    return found[-1] if found else None


def get(store: Store, number: int) -> Release:
    """Return one release. Raises NotFoundError naming those there are."""
    found = {release.release: release for release in releases(store)}
    if number not in found:
        there = f"{len(found)} from {min(found)} to {max(found)}" if found else "none"
        raise NotFoundError(
            f"there is no release {number} (there are: {there})", fix="run `headwater release list`"
        )
    return found[number]


def named(store: Store, given: str) -> Release:
    """Return the release a person means by its number or its name. Raises NotFoundError naming the names."""
    if given.isdecimal():
        return get(store, int(given))
    names = {release.name: release for release in releases(store) if release.name}
    if given not in names:
        there = ", ".join(sorted(names)) or "none"
        raise NotFoundError(
            f"no release is named {given!r} (names there are: {there})", fix="run `headwater release list`"
        )
    return names[given]


def as_of(store: Store, moment: datetime) -> Release:
    """Return the newest release made at or before a moment. Raises NotFoundError naming the oldest."""
    found = releases(store)
    made = [release for release in found if release.created_at <= moment]
    if not made:
        oldest = (
            f"the oldest is {found[0].release} of {found[0].created_at.isoformat()}"
            if found
            else "there is none"
        )
        raise NotFoundError(
            f"no release is as old as {moment.isoformat()}: {oldest}", fix="ask for a later time"
        )
    return made[-1]


def to_row(release: Release) -> pa.Table:
    """Return the row that commits a release."""
    row = {
        "release": release.release,
        "parent": release.parent,
        "created_at": release.created_at,
        "kind": release.kind,
        "state": release.state,
        "tables": [
            {"name": t.name, "version": t.version, "rows": t.rows}
            for t in sorted(release.tables.values(), key=lambda t: t.name)
        ],
        "indexes": json.dumps(release.indexes, sort_keys=True),
        "counts": json.dumps(release.counts, sort_keys=True),
        "cursors": json.dumps(release.cursors, sort_keys=True),
        "gates": json.dumps(release.gates, sort_keys=True),
        "config_hash": release.config_hash,
        "run_id": release.run_id,
        "note": release.note,
        "name": release.name,
        "expired_at": release.expired_at,
    }
    return pa.Table.from_pylist([row], schema=RELEASE)


def _read(store: Store) -> list[Release]:
    rows = store.scan(TABLE).to_pylist()
    return sorted((_from_row(row) for row in rows), key=lambda release: release.release)


def _from_row(row: dict[str, object]) -> Release:
    fields = dict(row)
    for name in ("indexes", "counts", "cursors", "gates"):
        fields[name] = json.loads(str(fields[name]))
    tables = [TableVersion(**t) for t in fields.pop("tables")]  # type: ignore[attr-defined]
    return Release(tables={t.name: t for t in tables}, **fields)  # type: ignore[arg-type]
