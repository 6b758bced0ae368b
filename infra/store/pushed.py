"""What was pushed: items and their bytes, on disk before anybody is told that they were taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from infra.store.connection import Store
from infra.store.filters import both, equals, is_in, within
from infra.store.lock import locked
from infra.store.rows import delete_rows, keys_there
from infra.store.sync import sync_to_disk
from schemas.identity import content_hash, digest
from schemas.push import ORIGINAL, PUSH, PUSHED
from schemas.tools import Clock

ITEMS, ORIGINALS, LOG = "pushed", "originals", "pushes"
WRITERS_S = 30.0
IDS = 500
"""Named in one filter at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedItem:
    """One item as it was sent."""

    key: str
    content: bytes
    uri: str
    source_at: datetime | None = None


def push(store: Store, source: str, items: Sequence[PushedItem], *, run_id: str, clock: Clock) -> None:
    """Keep items, in place of those with their keys; the last of two with one key counts.

    Logged as of when they were there: a run that began before may have listed the source without them.
    """
    last, now = {item.key: item for item in items}, clock()
    with locked(store, ITEMS, wait_s=WRITERS_S):
        _keep_bytes(store, last.values())
        rows = [_row(source, item, now) for item in last.values()]
        table = store.ensure(ITEMS, PUSHED)
        table.add(pa.Table.from_pylist(rows, schema=PUSHED))  # first: a kill between the two loses nothing
        ids = [row["push_id"] for row in rows]
        for at in range(0, len(ids), IDS):
            table.delete(str(both(is_in("push_id", ids[at : at + IDS]), within("pushed_at", None, now))))
        _log(store, source, run_id, clock(), pushed=len(last))


def unpush(store: Store, source: str, keys: Iterable[str], *, run_id: str, clock: Clock) -> int:
    """Forget items, whose documents go with the next release; return how many there were."""
    with locked(store, ITEMS, wait_s=WRITERS_S):
        table = store.ensure(ITEMS, PUSHED)
        there = keys_there(table, "push_id", [_id(source, key) for key in sorted(set(keys))])
        delete_rows(table, "push_id", there)
        _log(store, source, run_id, clock(), deleted=len(there))
    return len(there)


def pushed(store: Store, source: str) -> pa.Table:
    """Return a source's items, as they are now."""
    if not store.exists() or not store.has(ITEMS):
        return PUSHED.empty_table()
    return _newest(store.scan(ITEMS, where=equals("source", source)))


def original(store: Store, source: str, key: str) -> bytes | None:
    """Return an item's bytes; None for one that was deleted."""
    if not store.exists() or not store.has(ITEMS):
        return None
    where = both(equals("source", source), equals("key", key))
    rows = _newest(store.scan(ITEMS, where=where)).to_pylist()
    if not rows:
        return None
    where = equals("content_hash", rows[0]["content_hash"])
    found: bytes = store.scan(ORIGINALS, ["content"], where=where).to_pylist()[0]["content"]
    return found


def pushes(store: Store, *, source: str | None = None, run_id: str | None = None) -> list[dict[str, Any]]:
    """Return the log of what was pushed and deleted, oldest first."""
    if not store.exists() or not store.has(LOG):
        return []
    where = both(equals("source", source) if source else None, equals("run_id", run_id) if run_id else None)
    rows: list[dict[str, Any]] = store.scan(LOG, where=where).sort_by("at").to_pylist()
    return rows


def collect_originals(store: Store) -> int:
    """Delete the bytes that no item has any more, and return how many there were."""
    if not store.exists() or not store.has(ORIGINALS):
        return 0
    with locked(store, ITEMS, wait_s=WRITERS_S):
        used = set(store.scan(ITEMS, ["content_hash"])["content_hash"].to_pylist())
        there = set(store.scan(ORIGINALS, ["content_hash"])["content_hash"].to_pylist())
        delete_rows(store.open(ORIGINALS), "content_hash", sorted(there - used))
    return len(there - used)


def _newest(rows: pa.Table) -> pa.Table:
    """Return one row for each item, its newest: a kill may have left an older one beside it."""
    rows = rows.sort_by("pushed_at")
    last = {push_id: n for n, push_id in enumerate(rows["push_id"].to_pylist())}
    return rows.take(pa.array(sorted(last.values()), pa.int64()))


def _keep_bytes(store: Store, items: Iterable[PushedItem]) -> None:
    table = store.ensure(ORIGINALS, ORIGINAL)
    found = {content_hash(item.content): item.content for item in items}
    there = set(keys_there(table, "content_hash", list(found)))
    rows = [{"content_hash": one, "content": found[one]} for one in found if one not in there]
    if rows:
        table.add(pa.Table.from_pylist(rows, schema=ORIGINAL))


def _log(store: Store, source: str, run_id: str, now: datetime, *, pushed: int = 0, deleted: int = 0) -> None:
    row = {"run_id": run_id, "source": source, "at": now, "pushed": pushed, "deleted": deleted}
    store.ensure(LOG, PUSH).add(pa.Table.from_pylist([row], schema=PUSH))
    sync_to_disk(store.uri)


def _row(source: str, item: PushedItem, now: datetime) -> dict[str, Any]:
    return {
        "push_id": _id(source, item.key),
        "source": source,
        "key": item.key,
        "content_hash": content_hash(item.content),
        "uri": item.uri,
        "size": len(item.content),
        "source_at": item.source_at or now,
        "pushed_at": now,
    }


def _id(source: str, key: str) -> str:
    return digest("pushed", source, key)
