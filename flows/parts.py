"""A part of a backfill as a flow run of its own, under the run that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import Flow, Task, flow, tags
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import FlowRunCreate
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.flow_engine import run_flow
from prefect.states import Pending, to_state_create

from flows.automations import TAG
from flows.tasks import as_task

T = TypeVar("T")

OF_ITS_OWN = ("partition ", "build ")
"""Parts of a backfill: the store knows which are done, so a run that is retried goes on with the rest."""


def as_child(name: str, stage: Callable[[], T]) -> T:
    """Run a part of a backfill as a child run, of which the backfill's run has one by each name.

    A retry of the backfill runs the child again that crashed. Of one that is completed, what it staged is
    taken up by a task. Anything but a part is run as a task.
    """
    if not name.startswith(OF_ITS_OWN):
        return as_task(name, stage)
    made: list[T] = []  # a child's result would be written to disk

    @flow(name="backfill-part", persist_result=False)
    def part() -> None:
        made.append(stage())

    with tags(TAG) as its_tags, get_client(sync_client=True) as client:  # the watchdog looks for it
        run = _run_of(client, part, name, its_tags)
        if run.state is not None and run.state.is_completed():
            return as_task(name, stage)
        run_flow(part, flow_run=run)
    return made[0]


def _run_of(client: SyncPrefectClient, part: Flow[..., Any], name: str, its_tags: set[str]) -> FlowRun:
    """Return the part's run under the flow run at hand: the one that there is, else a new one.

    Prefect itself finds the children of a run that is retried by their order, and those that are published
    are no longer among them. So a child's key is its parent's id and its own name. The key says nothing of
    the attempt: Prefect gives the same run back for it, crashed or not, and that is the one to run again.
    """
    parent = FlowRunContext.get()
    assert parent is not None  # noqa: S101 - only flows run parts
    assert parent.flow_run is not None  # noqa: S101 - and they have a run
    shown = client.create_task_run(Task(part.fn, name=part.name), parent.flow_run.id, name, name=name)
    asked = FlowRunCreate(
        flow_id=client.create_flow(part),
        name=name,
        parent_task_run_id=shown.id,
        idempotency_key=f"{parent.flow_run.id} {name}",
        state=to_state_create(Pending()),
        tags=sorted(its_tags),
    )
    answer = client.request("POST", "/flow_runs/", json=asked.model_dump(mode="json", exclude_unset=True))
    run = FlowRun.model_validate(answer.json())
    if run.state is not None and not (run.state.is_completed() or run.state.is_pending()):
        # By force: one that was being canceled, or whose death nobody told of, may not become pending else.
        run.state = client.set_flow_run_state(run.id, Pending(), force=True).state
    return run
