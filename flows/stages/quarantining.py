"""What is in quarantine now, out of the log of every attempt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.workspace import Workspace
from infra.store import logs

FACTS = "read"
"""The stage that rejects a feature's rows, which are no items."""


def in_quarantine(
    workspace: Workspace, source: str | None, *, everything: bool = False
) -> list[dict[str, Any]]:
    """Return quarantine rows, newest attempt per item and record, without items that have passed since."""
    rows: list[dict[str, Any]] = logs.quarantine(workspace.store, source=source).to_pylist()
    if everything:
        return rows
    facts = [row for row in rows if row["stage"] == FACTS]
    rows = [row for row in rows if row["stage"] != FACTS]
    newest = {(row["source"], row["key"], row["record"]): row for row in rows}
    sources = {row["source"] for row in rows}
    states = _states(workspace, sources)
    remembered = {source: _remembered_at(workspace, source) for source in sources}
    standing = [row for row in newest.values() if _still(row, states, remembered[row["source"]])]
    return standing + _of_last_reading(workspace, facts)


def _of_last_reading(workspace: Workspace, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a feature stand while its newest run rejects any: what it rejects is logged when it changes."""
    last = {row["source"]: row["run_id"] for row in rows}
    bad = {name: logs.last_run(workspace.store, name).items.quarantined for name in last}
    return [row for row in rows if bad[row["source"]] and row["run_id"] == last[row["source"]]]


def _states(workspace: Workspace, sources: set[str]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (source, row["key"]): row
        for source in sorted(sources)
        for row in logs.items(workspace.store, source).to_pylist()
    }


def _remembered_at(workspace: Workspace, source: str) -> datetime | None:
    """Return when the last run began that remembered the source's items: a refused one does not."""
    runs = logs.last_rates(workspace.store, source).to_pylist()
    remembered = (
        run for run in runs if run["verb"] == "ingest" and run["state"] in ("published", "unchanged")
    )
    return next((run["started_at"] for run in remembered), None)


def _still(
    row: dict[str, Any], states: dict[tuple[str, str], dict[str, Any]], remembered_at: datetime | None
) -> bool:
    """An attempt still stands while its item is not live; one of a record, until its item is read again.

    An item nobody remembers is gone, or new to a run that was refused after all others.
    """
    item = states.get((row["source"], row["key"]))
    if item is None:
        return remembered_at is None or bool(row["at"] > remembered_at)
    if row["record"] is not None:
        return bool(item["listed_at"] <= row["at"])
    return bool(item["state"] != "live")
