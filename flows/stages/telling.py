"""Telling a catalog of a run, in OpenLineage's format, where `operations.open_lineage` says where."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flows.workspace import Workspace
from infra.open_lineage import send
from schemas.errors import HeadwaterError
from schemas.run import Run
from transforms.open_lineage import Told, event


def told(workspace: Workspace, name: str, ingest: Callable[[], Run]) -> Run:
    """Ingest, with an event before and one after; without an address, only ingest."""
    to = workspace.opened.project.operations.open_lineage
    if to is None:
        return ingest()
    about = Told(
        run_id=str(uuid.uuid4()),
        project=workspace.opened.project.project,
        source=name,
        reads=_place(workspace, name),
        store=workspace.opened.store_uri,
    )

    def tell(kind: Any, report: dict[str, Any] | None = None) -> None:
        send(event(about, kind, workspace.clock(), report), to, workspace.opened.root)

    tell("START")
    try:
        run = ingest()
    except HeadwaterError as problem:
        stopped = {"run_id": problem.run_id, "state": "failed", "items": {}, "published": False}
        tell("FAIL", {**stopped, "refused": problem.as_dict()})
        raise
    tell("FAIL" if run.refused else "COMPLETE", run.as_dict())
    return run


def _place(workspace: Workspace, name: str) -> str:
    """Return where a source is, as the project file says; a url may hold a password, so only its name."""
    project = workspace.opened.project
    section = project.sources[name] if name in project.sources else project.features[name]
    return str(section.options.get("uri", name))
