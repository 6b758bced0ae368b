"""Which items to try again, out of what is in quarantine now."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flows.stages.quarantining import in_quarantine
from flows.workspace import Workspace
from schemas.errors import NotFoundError


def items_to_retry(
    workspace: Workspace, ids: Collection[str] = (), source: str | None = None
) -> dict[str, frozenset[str]]:
    """Return the keys to try again by source: those of the ids given, or all that are in quarantine.

    An id may be of any attempt, not only the newest. Raises NotFoundError for an id that is unknown, or whose
    item is no longer in quarantine, or whose source the project no longer has.
    """
    if source is not None:
        workspace.opened.source(source)
    rows = in_quarantine(workspace, source)
    if ids:
        rows = _of_ids(workspace, ids, source, rows)
    else:
        rows = [row for row in rows if row["source"] in workspace.opened.project.sources]
    found: dict[str, set[str]] = {}
    for row in rows:
        workspace.opened.source(row["source"])
        found.setdefault(row["source"], set()).add(row["key"])
    return {name: frozenset(keys) for name, keys in sorted(found.items())}


def _of_ids(
    workspace: Workspace, ids: Collection[str], source: str | None, now: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    attempts = {row["quarantine_id"]: row for row in in_quarantine(workspace, source, everything=True)}
    standing = {_what(row) for row in now}
    for one in ids:
        if one not in attempts:
            raise NotFoundError(
                f"there is no quarantine entry {one!r}" + (f" of source {source!r}" if source else ""),
                fix="run `headwater quarantine list`",
            )
        if _what(attempts[one]) not in standing:
            raise NotFoundError(
                f"{attempts[one]['key']!r} of source {attempts[one]['source']!r} is no longer in quarantine",
                fix="run `headwater quarantine list`",
            )
    return [attempts[one] for one in ids]


def _what(row: dict[str, Any]) -> tuple[str, str, str | None]:
    return row["source"], row["key"], row["record"]
