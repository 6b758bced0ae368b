"""What is in quarantine now, out of the log of every attempt."""

from __future__ import annotations

from typing import Any

from flows.workspace import Workspace
from infra.store import logs


def in_quarantine(
    workspace: Workspace, source: str | None, *, everything: bool = False
) -> list[dict[str, Any]]:
    """Return quarantine rows, newest attempt per item and record, without items that have passed since."""
    rows: list[dict[str, Any]] = logs.quarantine(workspace.store, source=source).to_pylist()
    if everything:
        return rows
    newest = {(row["source"], row["key"], row["record"]): row for row in rows}
    states = _states(workspace, {row["source"] for row in rows})
    return [row for row in newest.values() if _still(row, states)]


def _states(workspace: Workspace, sources: set[str]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (source, row["key"]): row
        for source in sorted(sources)
        for row in logs.items(workspace.store, source).to_pylist()
    }


def _still(row: dict[str, Any], states: dict[tuple[str, str], dict[str, Any]]) -> bool:
    """An attempt still stands while its item is not live; one of a record, until its item is read again."""
    item = states.get((row["source"], row["key"]))
    if item is None:
        return row["record"] is None
    if row["record"] is not None:
        return bool(item["listed_at"] <= row["at"]) or item["state"] != "live"
    return bool(item["state"] != "live")
