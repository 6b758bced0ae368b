"""The ingest flow: a source brought up to date, or made again in part, with its report in the Prefect UI."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.runtime import flow_run

from flows.artifact_progress import ArtifactProgress
from flows.artifacts import Watched, failed, leave_pages, one_line, tell_log
from flows.plan_reports import plan_report
from flows.stages.featuring import ingest_one
from flows.stages.ingesting import IngestOptions
from flows.tasks import as_task, refused
from flows.workspace import Workspace, open_workspace
from infra.store import logs
from schemas.backfill import BackfillOptions
from schemas.errors import HeadwaterError, RefusedError
from schemas.operations import QUARANTINE_ABOVE
from schemas.run import Run


def _run_name() -> str:
    asked = flow_run.parameters
    return f"{'backfill' if asked.get('backfill') else 'ingest'}-{asked['source']}"


@flow(name="ingest", flow_run_name=_run_name, persist_result=False)
def ingest(
    source: str,
    project: str = "headwater.yaml",
    full: bool = False,  # noqa: FBT001, FBT002 - Prefect's form has a check box for it
    allow_shrink: bool = False,  # noqa: FBT001, FBT002
    allow_rebuild: bool = False,  # noqa: FBT001, FBT002
    retry: list[str] | None = None,
    backfill: BackfillOptions | None = None,
    dry_run: bool = False,  # noqa: FBT001, FBT002
) -> Any:
    """Bring one source or feature up to date and publish the result, or change nothing.

    Args:
        source: The source's or the feature's name in the project file.
        project: The project file.
        full: Read every item's bytes, whatever its token says.
        allow_shrink: Believe a listing that lost much of the source.
        allow_rebuild: Redo what a changed parser, chunker or embedder asks for.
        retry: Keys of items to fetch and parse again, whatever is known of them.
        backfill: Instead, make released documents again: which, and from which stage on.
        dry_run: Say what would be done, as an artifact, and write nothing.
    """
    if backfill is not None:
        from flows.backfill import backfill_sources

        return backfill_sources(open_workspace(project), [source], backfill, dry_run=dry_run)
    workspace = open_workspace(project)
    if dry_run:
        return _plan(workspace, source)
    options = IngestOptions(
        full=full, allow_shrink=allow_shrink, allow_rebuild=allow_rebuild, retry=frozenset(retry or ())
    )
    workspace.progress = ArtifactProgress()
    watched = Watched(as_task)
    try:
        run = ingest_one(workspace, source, options, step=watched)
    except HeadwaterError as problem:
        return failed(source, problem)
    tell_log(run)
    leave_pages(workspace, run, watched.verdicts)
    _alert(workspace, run)
    return refused(one_line(run.refused)) if run.refused else run


def _plan(workspace: Workspace, source: str) -> dict[str, Any]:
    from flows.stages.planning import plan_one

    plan = plan_one(workspace, source, fast=False).as_dict()
    create_markdown_artifact(
        key=f"plan-{source}", markdown=plan_report(plan), description=f"What an ingest of {source} would do"
    )
    return plan


def _alert(workspace: Workspace, run: Run) -> None:
    """Let automations know that more was rejected than the policy allows."""
    share = run.gates.get("rejected_share")
    if run.refused and share and share["value"] > share["limit"]:
        emit_event(
            event=QUARANTINE_ABOVE,
            resource={
                "prefect.resource.id": f"headwater.source.{workspace.opened.project.project}.{run.source}",
                "prefect.resource.name": run.source,
            },
            payload={"rejected_share": share, "reasons": run.reasons},
        )


def ingest_in_workspace(workspace: Workspace, name: str, options: IngestOptions) -> Run:
    """Run the flow for a source of an open workspace and return the report, refused or not."""
    state: State[Any] = ingest(  # type: ignore[assignment] # with return_state it is a state
        source=name,
        project=str(Path(workspace.opened.path)),
        full=options.full,
        allow_shrink=options.allow_shrink,
        allow_rebuild=options.allow_rebuild,
        retry=sorted(options.retry),
        return_state=True,
    )
    if state.is_completed():
        return cast("Run", state.result())
    if state.name == "Refused":
        return logs.last_run(workspace.store, name)
    state.result()
    raise RefusedError(
        f"the flow run of {name!r} ended {state.name}: {state.message}", fix="see it in Prefect's UI"
    )
