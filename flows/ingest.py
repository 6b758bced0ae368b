"""The ingest flow: one source, brought up to date and published, with its change report in the Prefect UI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, StateType

from flows.reports import change_report
from flows.stages.featuring import ingest_one
from flows.stages.ingesting import IngestOptions
from flows.workspace import Workspace, open_workspace
from infra.store import logs
from schemas.errors import HeadwaterError, RefusedError
from schemas.run import Run

T = TypeVar("T")

DELAYS_S = [1.0, 5.0]
SAFE_TO_REPEAT = frozenset({"list", "publish"})
"""Stages that may be retried as they are: one writes nothing, the other repairs before it writes."""


@flow(name="ingest", flow_run_name="ingest-{source}", persist_result=False)
def ingest(
    source: str,
    project: str = "headwater.yaml",
    full: bool = False,  # noqa: FBT001, FBT002 - Prefect's form has a check box for it
    allow_shrink: bool = False,  # noqa: FBT001, FBT002
    allow_rebuild: bool = False,  # noqa: FBT001, FBT002
    retry: list[str] | None = None,
) -> Any:
    """Bring one source or feature up to date and publish the result, or change nothing.

    Args:
        source: The source's or the feature's name in the project file.
        project: The project file.
        full: Read every item's bytes, whatever its token says.
        allow_shrink: Believe a listing that lost much of the source.
        allow_rebuild: Redo what a changed parser, chunker or embedder asks for.
        retry: Keys of items to fetch and parse again, whatever is known of them.
    """
    workspace = open_workspace(project)
    options = IngestOptions(
        full=full, allow_shrink=allow_shrink, allow_rebuild=allow_rebuild, retry=frozenset(retry or ())
    )
    run = ingest_one(workspace, source, options, step=as_task)
    create_markdown_artifact(
        key=f"ingest-{source}", markdown=change_report(run), description=f"What changed in {source}"
    )
    return refused(run.refused["detail"]) if run.refused else run


def refused(message: str) -> State[Any]:
    """Return the state of a flow run that a gate refused: failed, and looking refused, not crashed."""
    return State(type=StateType.FAILED, name="Refused", message=message)


def as_task(name: str, stage: Callable[[], T]) -> T:
    """Run a stage as a Prefect task, retried where that is safe and the error says it may pass."""
    repeat = name in SAFE_TO_REPEAT
    wrapped = task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(DELAYS_S) if repeat else 0,
        retry_delay_seconds=DELAYS_S if repeat else None,
        retry_jitter_factor=0.5 if repeat else None,
        retry_condition_fn=_may_pass,
    )(stage)
    return wrapped()


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


def _may_pass(_task: Any, _run: Any, state: State[Any]) -> bool:
    try:
        state.result()
    except HeadwaterError as problem:
        return problem.retry
    except Exception:  # noqa: BLE001 - an unknown error is not retried, whatever it is
        return False
    return False
