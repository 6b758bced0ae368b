"""Repair: bring the tables back to what the last release left, before anybody publishes again.

A crash between the first merge and the `releases` row leaves heads, tags or tables no release names.
Readers never see them; the next publisher removes them. `restore` makes a new version with the old
contents, and fences every handle a dead or sleeping owner may still hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra.store import releases
from infra.store.connection import UNREADABLE, Store
from infra.store.lock import PUBLISH, confirm_locks, locked
from schemas.release import Release

TAG = "release-{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What was found and mended; empty when the store was as the last release left it."""

    tags_deleted: tuple[str, ...] = ()
    tables_dropped: tuple[str, ...] = ()
    tables_restored: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything had to be mended."""
        return bool(self.tags_deleted or self.tables_dropped or self.tables_restored)


def tag_of(release: int) -> str:
    """Return the name of the tag that pins a release's versions."""
    return TAG.format(release)


@contextmanager
def publishing(store: Store, *, wait_s: float) -> Iterator[None]:
    """Hold the store's publish lock, healed first; what its last owner may still try is fenced off.

    Raises BusyError when another publisher does not end in time.
    """
    with locked(store, PUBLISH, wait_s=wait_s) as lock:
        store.heal()
        if lock.taken_over:
            fence(store)
        try:
            yield
        except UNREADABLE:
            confirm_locks()  # a commit that failed because it was fenced off says so
            raise


def fence(store: Store) -> None:
    """Make every commit fail that an owner who lost the lock may still try through the handles it has.

    `releases` first: what it says afterwards is all that the old owner has published.
    """
    if store.has(releases.TABLE):
        _fence(store, releases.TABLE)
    for name in [n for n in store.names() if releases.is_released(n)]:
        _fence(store, name)


def _fence(store: Store, name: str) -> None:
    """Restore a table as it is. A commit that came in between was not fenced yet: it stands."""
    table = store.open(name)
    version = table.version
    table.restore(version)
    if (between := table.version - 1) != version:
        table.restore(between)


def repair(store: Store, last: Release | None) -> Repair:
    """Delete what no release names and restore moved heads. The caller holds the store lock."""
    retained = releases.with_expired(store)
    numbers = {release.release for release in retained}
    named = {name for release in retained for name in release.tables}
    tags: list[str] = []
    dropped: list[str] = []
    restored: list[str] = []
    for name in [n for n in store.names() if releases.is_released(n)]:
        if name not in named:
            confirm_locks()
            store.drop(name)
            dropped.append(name)
            continue
        tags += _delete_orphan_tags(store, name, numbers)
        if last is not None and name in last.tables and _restore(store, name, last.tables[name].version):
            restored.append(name)
    if restored:
        _fence(store, releases.TABLE)
    return Repair(tags_deleted=tuple(tags), tables_dropped=tuple(dropped), tables_restored=tuple(restored))


def _delete_orphan_tags(store: Store, name: str, numbers: set[int]) -> list[str]:
    table = store.open(name)
    kept = {tag_of(number) for number in numbers}
    orphans = [tag for tag in table.tags.list() if tag.startswith("release-") and tag not in kept]
    for tag in orphans:
        table.tags.delete(tag)
    return [f"{name}:{tag}" for tag in orphans]


def _restore(store: Store, name: str, version: int) -> bool:
    table = store.open(name)
    if table.version == version:
        return False
    table.restore(version)
    return True
