"""Rollback and resume: both are publications too, so that the log of releases tells the whole story."""

from __future__ import annotations

from datetime import datetime

from infra.store import features, releases
from infra.store.connection import Store
from infra.store.denials import deny_lost_rights
from infra.store.publish import Publication, commit
from infra.store.repair import publishing, repair
from schemas.errors import NotFoundError
from schemas.release import Release


def rollback(store: Store, number: int, *, now: datetime, wait_s: float = 60.0) -> Release:
    """Publish a release equal to an earlier one, and put publishing on hold until `resume`.

    Rights that were revoked since that release stay revoked. Raises NotFoundError for an unknown release.
    """
    with publishing(store, wait_s=wait_s):
        target, last = releases.get(store, number), releases.get(store, _newest(store))
        repair(store, last)
        deny_lost_rights(store, target, last)
        features.deny_lost_rights(store, target, last)
        heads = {}
        for name, pinned in target.tables.items():
            table = store.open(name)
            if table.version != pinned.version:
                table.restore(pinned.version)
            heads[name] = table
        note = f"rollback to release {number}"
        return commit(store, last, heads, equal_to(target, "rollback", now, note))


def resume(store: Store, *, now: datetime, wait_s: float = 60.0) -> Release:
    """Publish a release equal to the present one and let publishing go on; without a hold, do nothing."""
    with publishing(store, wait_s=wait_s):
        last = releases.get(store, _newest(store))
        if last.state != "hold":
            return last
        repair(store, last)
        heads = {name: store.open(name) for name in last.tables}
        return commit(store, last, heads, equal_to(last, "resume", now, "publishing resumed"))


def _newest(store: Store) -> int:
    last = releases.current(store)
    if last is None:
        raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
    return last.release


def equal_to(release: Release, kind: str, now: datetime, note: str) -> Publication:
    """Return the publication that makes a release with the same content as another."""
    return Publication(
        changes={},
        indexes=release.indexes,
        kind=kind,
        created_at=now,
        config_hash=release.config_hash,
        gates=release.gates,
        cursors=release.cursors,
        note=note,
    )
