"""The backfill flow: what is released is made again, each part of it a child run, with its progress shown."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State, StateType

from flows.artifact_progress import ArtifactProgress
from flows.artifacts import one_line
from flows.inspector_links import inspector_url
from flows.parts import as_child
from flows.plan_reports import backfill_plan_report
from flows.reports import backfill_report
from flows.stages.backfills import backfill_project, foretell
from flows.tasks import refused
from flows.workspace import Workspace, open_workspace
from schemas.backfill import BackfillOptions
from schemas.errors import RefusedError
from schemas.run import Run

MADE: ContextVar[list[Run]] = ContextVar("MADE")
"""Where a flow in this program leaves its reports; the state of one that did not complete has no result."""


@flow(name="backfill", persist_result=False)
def backfill(
    project: str = "headwater.yaml",
    sources: list[str] | None = None,
    options: BackfillOptions = BackfillOptions(),  # noqa: B008 - frozen
    dry_run: bool = False,  # noqa: FBT001, FBT002 - Prefect's form has a check box for it
) -> Any:
    """Make released documents again from a stage on, or build an index that was set up differently.

    Args:
        project: The project file.
        sources: Which sources, all of them without it; one that fails does not keep the others from theirs.
        options: Which documents, from which stage, and how fast.
        dry_run: Say what would be done, as an artifact, and write nothing.
    """
    return backfill_sources(open_workspace(project), sources, options, dry_run=dry_run)


def backfill_sources(
    workspace: Workspace, sources: list[str] | None, options: BackfillOptions, *, dry_run: bool
) -> Any:
    """Do it in the flow run at hand; the state that comes back says whether each source was done."""
    named = "-".join(sources or ["all"])
    if dry_run:
        plan = foretell(workspace, sources, options)
        page = backfill_plan_report(plan)
        create_markdown_artifact(key=f"plan-{named}", markdown=page, description="What a backfill would do")
        return plan
    workspace.progress = ArtifactProgress()
    try:
        runs = backfill_project(workspace, sources, options, step=as_child)
    except RefusedError as refusal:
        return refused(one_line(refusal.as_dict()))
    MADE.get([]).extend(runs)
    create_markdown_artifact(
        key=f"backfill-{named}",
        markdown=backfill_report(runs, inspector_url(workspace)),
        description=f"Backfill from {options.stage}",
    )
    return _ended(runs)


def _ended(runs: list[Run]) -> Any:
    """Return the reports, or the state of a flow run of which some source was not done."""
    told = [f"{run.source}: {one_line(run.refused)}" for run in runs if run.refused]
    if any(run.state == "failed" for run in runs):
        return State(type=StateType.FAILED, message="; ".join(told))
    return refused("; ".join(told)) if told else runs


def backfill_in_workspace(
    workspace: Workspace, sources: list[str] | None, options: BackfillOptions
) -> list[Run]:
    """Run the flow for sources of an open workspace and return its reports, of sources that failed too."""
    runs: list[Run] = []
    before = MADE.set(runs)
    try:
        state: State[Any] = backfill(  # type: ignore[assignment] # with return_state it is a state
            project=str(workspace.opened.path), sources=sources, options=options, return_state=True
        )
    finally:
        MADE.reset(before)
    if runs or state.is_completed():
        return runs
    if state.name == "Refused":
        raise RefusedError(str(state.message), fix="see the flow run's artifacts")
    state.result()
    raise RefusedError(f"the flow run ended {state.name}: {state.message}", fix="see it in Prefect's UI")
