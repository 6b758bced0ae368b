"""Append-only logs and the item list: what happened, outside releases."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from infra.store.connection import Store
from infra.store.filters import both, equals
from infra.store.lock import locked
from infra.store.rows import delete_rows, put_rows
from infra.store.sync import sync_to_disk
from schemas.errors import NotFoundError
from schemas.item import ITEM
from schemas.quarantine import QUARANTINE
from schemas.run import RUN, ChunkCounts, ItemCounts, Run

WRITERS_S = 60.0
"""How long a source waits while others write their items: milliseconds each."""


def append_run(store: Store, row: dict[str, Any]) -> None:
    """Log one run."""
    store.ensure("runs", RUN).add(pa.Table.from_pylist([row], schema=RUN))


def append_quarantine(store: Store, rows: list[dict[str, Any]]) -> None:
    """Log attempts that did not pass; on disk before anything else calls their items quarantined."""
    if rows:
        store.ensure("quarantine", QUARANTINE).add(pa.Table.from_pylist(rows, schema=QUARANTINE))
        sync_to_disk(store.uri)


def quarantine(store: Store, *, source: str | None = None) -> pa.Table:
    """Return the quarantine log, oldest first."""
    if not store.exists() or not store.has("quarantine"):
        return QUARANTINE.empty_table()
    where = equals("source", source) if source else None
    return store.scan("quarantine", where=where).sort_by("at")


def items(store: Store, source: str) -> pa.Table:
    """Return the items of a source as last listed."""
    if not store.exists() or not store.has("items"):
        return ITEM.empty_table()
    return store.scan("items", where=equals("source", source))


def update_items(store: Store, upserts: pa.Table) -> None:
    """Remember items as listed now."""
    if upserts.num_rows:
        with locked(store, "items", wait_s=WRITERS_S):
            put_rows(store.ensure("items", ITEM), "item_id", upserts.cast(ITEM))


def forget_items(store: Store, removed: list[str]) -> None:
    """Forget items that are gone (by item id)."""
    if removed:
        with locked(store, "items", wait_s=WRITERS_S):
            delete_rows(store.ensure("items", ITEM), "item_id", removed)


def runs(store: Store) -> pa.Table:
    """Return every run without its report, newest first."""
    if not store.exists() or not store.has("runs"):
        return RUN.empty_table()
    columns = [name for name in RUN.names if name != "report"]
    return store.scan("runs", columns).sort_by([("started_at", "descending")])


def last_rates(store: Store, source: str) -> pa.Table:
    """Return the reports of a source's runs, newest first."""
    if not store.exists() or not store.has("runs"):
        return RUN.empty_table()
    return store.scan("runs", where=equals("source", source)).sort_by([("started_at", "descending")])


def last_reports(store: Store, source: str, count: int) -> list[dict[str, Any]]:
    """Return the newest reports of a source's runs that published, newest first."""
    if not store.exists() or not store.has("runs"):
        return []
    where = both(equals("source", source), equals("state", "published"))
    rows = store.scan("runs", ["started_at", "report"], where=where)
    newest = rows.sort_by([("started_at", "descending")]).slice(0, count)
    return [json.loads(report) for report in newest["report"].to_pylist()]


def last_run(store: Store, source: str) -> Run:
    """Return the report of a source's newest ingest. Raises NotFoundError when it never ran."""
    rows = [row for row in last_rates(store, source).to_pylist() if row["verb"] == "ingest"]
    if not rows:
        raise NotFoundError(f"source {source!r} was never ingested", fix="run `headwater ingest`")
    report = json.loads(rows[0]["report"])
    items, chunks = ItemCounts(**report.pop("items")), ChunkCounts(**report.pop("chunks"))
    return Run(items=items, chunks=chunks, notes=tuple(report.pop("notes", ())), **report)
