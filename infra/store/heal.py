"""Healing: what a power cut left of a local store, made readable again.

LanceDB does not sync, so after a power cut the newest files of a table may be empty or cut short, and one
empty manifest makes even older versions of its table unreadable. Whatever a release names was synced before
its row was written, so what is damaged is newer: it moves to `_lost/<n>/` under its own path, never deleted.
Only evidence counts: an unreadable disk or too many open files are no damage, and end the healing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.store.table_files import TableFiles
from schemas.errors import NotFoundError, StoreError

if TYPE_CHECKING:
    from infra.store.connection import Store

LOG = logging.getLogger("headwater.store")
STAGING = "staging__"
RELEASES = "releases"
FIRST_RELEASE = 2
"""The version of `releases` that the first release makes; a newer one shows that there was one."""
LOST = "_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """What was damaged; empty when nothing was."""

    tags_deleted: tuple[str, ...] = ()
    versions_set_aside: tuple[str, ...] = ()
    tables_set_aside: tuple[str, ...] = ()
    releases_lost: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything was damaged."""
        aside = self.versions_set_aside or self.tables_set_aside
        return bool(self.tags_deleted or aside or self.releases_lost)


def heal(store: Store) -> Healed:
    """Bring every table back to its newest whole version. The caller holds the publish lock.

    Staging is its owner's to heal (`heal_staging`). Cheap on a whole store: it opens the tables, and of rows
    reads only those of `releases`. Raises StoreError when no release is whole, which no power cut causes.
    """
    healing = _Healing(store)
    tables = {table.name: table for table in healing.tables() if not table.name.startswith(STAGING)}
    if RELEASES in tables:  # first: its error leaves the tables as they are
        healing.mend(tables[RELEASES])
        healing.go_back_to_a_whole_release(tables.pop(RELEASES))
    for table in tables.values():
        healing.mend(table)
    return healing.finish()


def heal_staging(store: Store, source: str) -> Healed:
    """Set a source's staging aside when one table of it is damaged. The caller holds the source's lock.

    All of it, because its markers may have outlived rows that they vouch for; the work is done again. On
    object storage the only damage is a drop that was broken off, markers first: the rest is dropped.
    """
    if store.objects is not None:
        _finish_drop(store, source)
        return Healed()
    healing = _Healing(store)
    markers = f"{STAGING}{source}__items"
    staged = [table for table in healing.tables() if table.name.startswith(f"{STAGING}{source}__")]
    if not all(table.is_whole() for table in staged):
        for table in sorted(staged, key=lambda table: table.name != markers):
            healing.set_table_aside(table)
    return healing.finish()


class _Healing:
    """One healing, and what it has done."""

    def __init__(self, store: Store) -> None:
        self._store, self._root = store, Path(store.uri)
        self._tags: list[str] = []
        self._versions: list[str] = []
        self._tables: list[str] = []
        self._releases: list[int] = []

    @cached_property
    def _lost(self) -> Path:
        folders = (self._root / LOST / str(n) for n in count(1))
        return next(folder for folder in folders if not folder.exists())

    def tables(self) -> list[TableFiles]:
        """Return the tables; an object store keeps what it acknowledged, and shows none here."""
        if self._store.objects is not None:
            return []
        return [TableFiles(path) for path in sorted(self._root.glob("*.lance"))]

    def mend(self, table: TableFiles) -> None:
        """Delete tags that do not parse, and set aside what is newer than the newest whole version."""
        for tag in table.torn_tags():
            tag.unlink()
            self._tags.append(f"{table.name}:{tag.stem}")
        if table.is_whole():
            return
        manifests = table.manifests()
        whole = next((version for version in manifests if table.has(version)), None)
        if whole is None:
            if table.name == RELEASES and len(manifests) > FIRST_RELEASE:
                raise _beyond_healing(self._store)
            self.set_table_aside(table)
            return
        for version, manifest in manifests.items():
            if version > whole or manifest.stat().st_size == 0:
                self._set_version_aside(table, version)

    def set_table_aside(self, table: TableFiles) -> None:
        """Move a table's whole folder."""
        self._move(table.folder)
        self._tables.append(table.name)

    def go_back_to_a_whole_release(self, log: TableFiles) -> None:
        """Set versions of `releases` aside until its newest release is one that has all its files."""
        versions = list(log.manifests())
        if not versions or self._stands(newest := _tables_by_release(log, versions[0])):
            return
        older = {version: _tables_by_release(log, version) for version in versions[1:]}
        whole = next((v for v, found in older.items() if found and self._stands(found)), None)
        if whole is None:
            raise _beyond_healing(self._store)
        self._releases += sorted(newest.keys() - older[whole].keys())
        for version in versions[: versions.index(whole)]:
            self._set_version_aside(log, version)

    def finish(self) -> Healed:
        """Return what was done, and make the store forget what it had read."""
        healed = Healed(
            tags_deleted=tuple(self._tags),
            versions_set_aside=tuple(self._versions),
            tables_set_aside=tuple(self._tables),
            releases_lost=tuple(self._releases),
        )
        if healed:
            LOG.warning("the store %r was damaged, as by a power cut: %s", self._store.uri, healed)
            self._store.reopen()
        return healed

    def _stands(self, found: dict[int, list[dict[str, Any]]]) -> bool:
        tables = found[max(found)] if found else []
        return all(TableFiles(self._root / f"{t['name']}.lance").has(t["version"]) for t in tables)

    def _set_version_aside(self, table: TableFiles, version: int) -> None:
        self._move(table.manifests()[version])
        self._versions.append(f"{table.name}:{version}")

    def _move(self, path: Path) -> None:
        target = self._lost / path.relative_to(self._root)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


def _finish_drop(store: Store, source: str) -> None:
    prefix = f"{STAGING}{source}__"
    try:
        store.scan(f"{prefix}items", ["work"])
    except (NotFoundError, ValueError, RuntimeError, OSError):
        for name in [name for name in store.names() if name.startswith(prefix)]:
            store.drop(name)


def _tables_by_release(log: TableFiles, version: int) -> dict[int, list[dict[str, Any]]]:
    return {row["release"]: row["tables"] for row in log.rows(version, ["release", "tables"])}


def _beyond_healing(store: Store) -> StoreError:
    return StoreError(
        f"no release of the store {store.uri!r} has all its files, which no power cut causes",
        fix="check the disk, and restore the store from a backup",
        state="what was set aside so far is under `_lost/` in the store's folder",
    )
