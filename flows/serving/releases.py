"""GET /v1/releases, one of them, and what two differ in: all of it to admins, else what one may read."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter

from flows.serving.callers import Caller, Reads, Served
from flows.stages.diffing import diff
from flows.workspace import Workspace
from infra.store import releases
from infra.store.documents import readable_documents
from schemas.api import ReleaseAnswer
from schemas.release import Release

router = APIRouter(prefix="/v1/releases", tags=["releases"])
COUNTED = ("counts", "note")
"""What a release says of all its documents."""


@router.get("")
async def list_releases(caller: Reads, serving: Served) -> list[ReleaseAnswer]:
    """Every release that can be asked, the newest last."""
    found = await serving.run(partial(releases.releases, serving.workspace.store))
    return [_shown(release, caller) for release in found]


@router.get("/{release}")
async def get_release(release: int, caller: Reads, serving: Served) -> ReleaseAnswer:
    """One release."""
    return _shown(await serving.run(partial(releases.get, serving.workspace.store, release)), caller)


@router.get("/{before}/diff/{after}")
async def diff_releases(before: int, after: int, caller: Reads, serving: Served) -> dict[str, Any]:
    """What release `after` has added, changed and removed since `before`, of what the caller may read."""
    return await serving.run(partial(_diff, serving.workspace, before, after, caller))


def _shown(release: Release, caller: Caller) -> ReleaseAnswer:
    told = release.as_dict()
    hidden = () if caller.may("admin") else COUNTED
    return ReleaseAnswer(**{name: value for name, value in told.items() if name not in hidden})


def _diff(workspace: Workspace, before: int, after: int, caller: Caller) -> dict[str, Any]:
    """Return the difference. What is gone is told to admins alone: nobody may read it any more."""
    store = workspace.store
    old, new = releases.get(store, before), releases.get(store, after)
    found = diff(store, old, new)
    if caller.may("admin"):
        return found.as_dict()
    newest, entries = releases.current(store) or new, caller.principal.entries()
    mine = {one: readable_documents(store, of, newest, entries) for one, of in (("from", old), ("to", new))}
    sides = {"added": mine["to"], "changed": mine["from"] & mine["to"], "removed": mine["from"]}
    documents = found.documents.as_dict()
    return {
        "from": before,
        "to": after,
        "documents": {
            side: [row for row in documents[side] if row["document_id"] in readable]
            for side, readable in sides.items()
        },
    }
