"""Collection: what nothing needs any more in caches and staging."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from infra.store import releases
from infra.store.connection import Store
from infra.store.embedding_cache import WRITERS_S
from infra.store.heal import STAGING
from infra.store.lock import locked
from infra.store.rows import delete_rows
from schemas.errors import BusyError

STAGING_AGE = timedelta(days=7)
"""Staging of a backfill or of a source the project has forgotten is dropped when nobody came back for it."""
EMBEDDINGS = "embeddings__"


def collect_embeddings(store: Store) -> int:
    """Delete cached vectors of texts that no release and no staging has, and return how many."""
    used = _used_texts(store)
    deleted = 0
    for name in [name for name in store.names() if name.startswith(EMBEDDINGS)]:
        with locked(store, name, wait_s=WRITERS_S):
            cached = store.scan(name, ["text_hash"])["text_hash"]
            unused = cached.filter(pc.invert(pc.is_in(cached, used))).to_pylist()
            delete_rows(store.open(name), "text_hash", unused)
        deleted += len(unused)
    return deleted


def collect_staging(store: Store, sources: set[str], *, now: datetime) -> tuple[str, ...]:
    """Drop staging that is days old and of no source of the project, unless its owner is at work."""
    owners: dict[str, list[str]] = {}
    for name in store.names():
        if name.startswith(STAGING):
            owners.setdefault(name.removeprefix(STAGING).split("__")[0], []).append(name)
    dropped: list[str] = []
    for owner in sorted(owners.keys() - sources):
        if all(_idle_for(store, name, now) > STAGING_AGE for name in owners[owner]):
            with suppress(BusyError), locked(store, f"source-{owner}", wait_s=0.0):
                for name in owners[owner]:
                    store.drop(name)
                    dropped.append(name)
    return tuple(dropped)


def _used_texts(store: Store) -> pa.Array:
    seen: set[tuple[str, int]] = {
        (table.name, table.version)
        for release in releases.with_expired(store)
        for table in release.tables.values()
        if table.name.startswith("chunks__")
    }
    parts = [store.scan(name, ["text_hash"], version=version)["text_hash"] for name, version in sorted(seen)]
    staged = [name for name in store.names() if name.startswith(STAGING) and "__chunks__" in name]
    parts += [store.scan(name, ["text_hash"])["text_hash"] for name in staged]
    texts = pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())
    return pc.unique(texts)


def _idle_for(store: Store, name: str, now: datetime) -> timedelta:
    changed: datetime = store.open(name).list_versions()[-1]["timestamp"]
    return now - (changed if changed.tzinfo else changed.astimezone())
