"""What is pushed: taken in at once and for good, released by a run of its source that may come later."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flows.workspace import Workspace
from infra.store import logs
from infra.store.pushed import pushes
from schemas.errors import ConfigError, NotFoundError
from schemas.push import PushOptions

MARGIN = timedelta(seconds=60)
"""What was pushed so shortly before a run began may have missed its listing."""
DONE = ("published", "unchanged", "refused")


def push_sources(workspace: Workspace) -> list[str]:
    """Return the sources that take what is pushed."""
    return [name for name, one in workspace.opened.project.sources.items() if one.type == "push"]


def push_source(workspace: Workspace, name: str | None) -> str:
    """Return the source to push to: the one named, or the only one. Raises ConfigError naming them."""
    there = push_sources(workspace)
    if name is None and len(there) == 1:
        return there[0]
    if name in there:
        return str(name)
    if not there:
        raise ConfigError(
            "no source takes what is pushed", fix="add one: sources: {inbox: {type: push, acl: [everyone]}}"
        )
    said = f"{name!r} takes nothing that is pushed" if name else "there is more than one source to push to"
    raise ConfigError(said, fix=f"say ?source=NAME; there are: {', '.join(there)}")


def max_bytes(workspace: Workspace, source: str) -> int:
    """Return how long an item of a source may be."""
    return PushOptions.model_validate(workspace.opened.source(source).options).max_bytes


def unreleased(workspace: Workspace, source: str) -> str | None:
    """Return the run that was promised for what no run has taken up yet; None where there is nothing."""
    log = pushes(workspace.store, source=source)
    if not log:
        return None
    runs = logs.last_rates(workspace.store, source).to_pylist()
    seen = any(run["started_at"] > log[-1]["at"] + MARGIN and run["state"] in DONE for run in runs)
    return None if seen else str(log[-1]["run_id"])


def run_state(workspace: Workspace, run_id: str) -> dict[str, Any]:
    """Return what became of a promised run: `pending`, or the report of the run that took it up."""
    promised = pushes(workspace.store, run_id=run_id)
    if not promised:
        raise NotFoundError(f"no push was promised the run {run_id!r}", fix="give the run_id of an answer")
    source, at = promised[-1]["source"], promised[-1]["at"]
    runs = logs.last_rates(workspace.store, source).to_pylist()
    mine = [run for run in runs if run["run_id"] == run_id]
    later = [run for run in runs if run["started_at"] > at and run["state"] in DONE]
    found = mine[0] if mine else later[-1] if later else None
    if found is None:
        return {"run_id": run_id, "source": source, "state": "pending", "release": None}
    report = json.loads(found["report"])
    told = {name: report.get(name) for name in ("items", "reasons", "refused")}
    return {"run_id": run_id, "source": source, "state": found["state"], "release": found["release"], **told}
