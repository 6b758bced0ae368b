"""What the inspector page asks besides contexts and documents, under the same access rule as all else."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query

from flows.serving.callers import Caller, Reads, Served
from flows.stages.freshness import freshness, reads_whole, sections
from flows.stages.quarantining import in_quarantine
from flows.workspace import Workspace
from infra.store import releases
from schemas.acl import parse_entry
from schemas.errors import NotFoundError

router = APIRouter(prefix="/v1", tags=["inspect"])


@router.get("/caller")
async def get_caller(caller: Reads, serving: Served) -> dict[str, Any]:
    """Who the caller is, as whom they may ask, and what of the project they can choose from."""
    workspace = serving.workspace
    newest = await serving.run(partial(releases.current, workspace.store))
    known = {"user": set[str](), "group": set[str]()}
    for entry in _entries_of(workspace) if caller.key is None else ():
        kind, name = parse_entry(entry)
        known.get(kind, set()).add(name)
    return {
        "project": workspace.opened.project.project,
        "key": caller.key,
        "user": caller.principal.user,
        "groups": list(caller.principal.groups),
        "scopes": sorted(caller.scopes),
        "may_name_anybody": caller.key is None,
        "known_users": sorted(known["user"]),
        "known_groups": sorted(known["group"]),
        "views": list(workspace.opened.project.context_views),
        "release": newest.release if newest else None,
        "on_hold": newest is not None and newest.state == "hold",
    }


@router.get("/sources")
async def get_sources(caller: Reads, serving: Served) -> dict[str, Any]:
    """How fresh each source is, as far as the caller may read it."""
    found = await serving.run(partial(freshness, serving.workspace, _entries(caller)))
    return {"sources": [one.as_dict() for one in found]}


@router.get("/quarantine")
async def get_quarantine(
    caller: Reads, serving: Served, source: Annotated[str | None, Query(max_length=63)] = None
) -> dict[str, Any]:
    """What is in quarantine, of the sources that the caller may read all of."""
    return await serving.run(partial(_quarantine, serving.workspace, _entries(caller), source))


def _entries(caller: Caller) -> Collection[str] | None:
    """Return what opens rows to a caller; None for an admin, to whom nothing is closed."""
    return None if caller.may("admin") else caller.principal.entries()


def _entries_of(workspace: Workspace) -> set[str]:
    return {entry for section in sections(workspace).values() for entry in section.acl}


def _quarantine(workspace: Workspace, entries: Collection[str] | None, source: str | None) -> dict[str, Any]:
    open_to = {name for name, section in sections(workspace).items() if reads_whole(section, entries)}
    if source is not None and source not in open_to:
        raise NotFoundError(f"there is no source {source!r} here", fix="name one that /v1/sources answers")
    rows = [row for row in in_quarantine(workspace, source) if row["source"] in open_to]
    return {"quarantine": [_row(row) for row in reversed(rows)]}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    shown = ("quarantine_id", "source", "key", "record", "stage", "reason", "message", "uri")
    return {**{name: row[name] for name in shown}, "at": row["at"].isoformat()}
