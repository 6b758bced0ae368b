"""The backfill flow: what is released is made again, partition by partition, with its progress shown."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State

from flows.artifact_progress import ArtifactProgress
from flows.ingest import as_task, refused
from flows.reports import backfill_report
from flows.stages.backfills import backfill_project
from flows.workspace import Workspace, open_workspace
from schemas.backfill import BackfillOptions
from schemas.errors import RefusedError
from schemas.run import Run


@flow(name="backfill", flow_run_name="backfill-{source}", persist_result=False)
def backfill(
    project: str = "headwater.yaml",
    source: str | None = None,
    options: BackfillOptions = BackfillOptions(),  # noqa: B008 - frozen
) -> Any:
    """Make released documents again from a stage on, or build an index that was set up differently.

    Args:
        project: The project file.
        source: One source; all of them without it.
        options: Which documents, from which stage, and how fast.
    """
    workspace = open_workspace(project)
    workspace.progress = ArtifactProgress()
    try:
        runs = backfill_project(workspace, [source] if source else None, options, step=as_task)
    except RefusedError as refusal:
        return refused(str(refusal))
    create_markdown_artifact(
        key=f"backfill-{source or 'all'}",
        markdown=backfill_report(runs),
        description=f"Backfill from {options.stage}",
    )
    stopped = next((run.refused for run in runs if run.refused), None)
    return refused(stopped["detail"]) if stopped else runs


def backfill_in_workspace(
    workspace: Workspace, sources: list[str] | None, options: BackfillOptions
) -> list[Run]:
    """Run the flow for sources of an open workspace and return its reports."""
    runs: list[Run] = []
    for source in sources or [None]:  # type: ignore[list-item] # None means all of them
        state: State[Any] = backfill(  # type: ignore[assignment] # with return_state it is a state
            project=str(workspace.opened.path), source=source, options=options, return_state=True
        )
        if state.name == "Refused":
            raise RefusedError(str(state.message), fix="see the flow run's artifacts")
        runs += state.result()
    return runs
