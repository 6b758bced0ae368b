"""What a run leaves behind outside releases: its own row, the items as listed, the quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.ledger import Ledger
from flows.stages.gathering import gathered
from flows.stages.listing import KNOWN_COLUMNS, Survey, released
from flows.stages.parsing import parse_fingerprint
from flows.workspace import Workspace
from infra.store import logs
from infra.store.filters import both, equals
from schemas.identity import digest
from schemas.item import ITEM
from schemas.release import Release
from schemas.run import Run
from transforms.changes import records_digests

ITEMS = 4_000
"""Items remembered at once."""


def remember_run(workspace: Workspace, run: Run, started_at: datetime, verb: str = "ingest") -> None:
    """Log one run, whatever became of it."""
    logs.append_run(
        workspace.store,
        {
            "run_id": run.run_id,
            "source": run.source,
            "verb": verb,
            "started_at": started_at,
            "seconds": run.seconds["total"],
            "state": run.state,
            "release": run.release,
            "config_hash": workspace.opened.config_hash,
            "report": json.dumps(run.as_dict(), sort_keys=True),
        },
    )


def remember_quarantine(
    workspace: Workspace, source: str, run_id: str, found: Survey, ledger: Ledger
) -> None:
    """Log every item and record this run rejected."""
    rows = [*ledger.rejected.values(), *({**row, "content_hash": None} for row in ledger.rejected_records)]
    if not rows:
        return
    keys = pa.array({row["key"] for row in rows}, pa.string())
    listed = found.listing.items.filter(pc.is_in(found.listing.items["key"], keys))
    uris = dict(zip(listed["key"].to_pylist(), listed["uri"].to_pylist(), strict=True))
    at = workspace.clock()
    logs.append_quarantine(
        workspace.store,
        [
            {
                **row,
                "quarantine_id": digest(
                    "quarantine", run_id, row["key"], row["record"] or "", row["reason"], n
                )[:12],
                "run_id": run_id,
                "source": source,
                "uri": uris.get(row["key"]),
                "at": at,
            }
            for n, row in enumerate(rows)
        ],
    )


def remember_items(
    workspace: Workspace, source: str, found: Survey, ledger: Ledger, release: Release | None = None
) -> None:
    """Remember the items this run looked at, as listed, and as `release` has them if it made one.

    Items it left alone cost nothing.
    """
    records = _records_now(workspace, source, found, release)
    looked_at = pa.array([*ledger.rejected, *ledger.passed, *ledger.touched], pa.string())
    before = found.items.filter(pc.is_in(found.items["key"], looked_at))
    parsed_at = dict(zip(before["key"].to_pylist(), before["listed_at"].to_pylist(), strict=True))
    when = {key: parsed_at.get(key, found.listed_at) for key in ledger.touched}
    listed = _only(found.listing.items, looked_at)
    there = set(found.items["key"].to_pylist())
    removed = [digest("item", source, key) for key in found.changes.gone if key in there]
    logs.forget_items(workspace.store, removed)
    for part in gathered(listed, rows=ITEMS):
        rows = [
            row | {"listed_at": when.get(row["key"], found.listed_at), "released": records.get(row["key"])}
            for one in part.to_pylist()
            if (row := _item(workspace, source, one, ledger))
        ]
        logs.update_items(workspace.store, pa.Table.from_pylist(rows, schema=ITEM))


def _only(items: pa.Table, keys: pa.Array) -> Iterator[pa.Table]:
    """Yield the items of some keys, part by part: a copy of a whole listing is never made."""
    for at in range(0, len(items), ITEMS):
        part = items.slice(at, ITEMS)
        yield part.filter(pc.is_in(part["key"], keys))


def _records_now(workspace: Workspace, source: str, found: Survey, release: Release | None) -> dict[str, str]:
    where = both(equals("source", source), "record IS NOT NULL")
    now = released(workspace, "documents", release, where, KNOWN_COLUMNS) if release else found.known
    return {} if now is None else records_digests(now)


def _item(workspace: Workspace, source: str, listed: dict[str, Any], ledger: Ledger) -> dict[str, Any] | None:
    key = listed["key"]
    before = ledger.known.get(key)
    state, reason = "live", None
    if key in ledger.rejected:
        state, reason = (
            ("stale" if before and before.documents else "quarantined"),
            ledger.rejected[key]["reason"],
        )
        content_hash = ledger.rejected[key]["content_hash"]
    elif key in ledger.passed:
        content_hash = ledger.passed[key]
    elif key in ledger.touched:
        content_hash = ledger.touched[key]
        if key in ledger.still_quarantined and before:
            state, reason = before.state, before.reason
    else:
        return None
    again = before is not None and before.content_hash == content_hash and state != "live"
    tries = before.tries + (key in ledger.rejected) if before and again else 1
    return {
        "item_id": digest("item", source, key),
        "source": source,
        "key": key,
        "token": listed["token"],
        "content_hash": content_hash,
        "state": state,
        "reason": reason,
        "parse_fp": parse_fingerprint(key, workspace.opened.source(source)),
        "tries": tries,
    }
