"""Deployments: registered with Prefect, scheduled as the project file says, gone when it no longer is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from flows.automations import TAG, automate
from flows.deployed import Deployed, deployed
from flows.environment import DEPLOYED
from flows.forms import form
from flows.schedules import prefect_schedule, told
from schemas.errors import UnavailableError

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

    from infra.project_file import Opened

WORK_POOL = "headwater"
PAGE = 200


def deploy(opened: Opened) -> dict[str, Any]:
    """Register the project's deployments with the Prefect API and return what is registered and removed.

    Raises UnavailableError when no Prefect API answers. Running it twice changes nothing the second time;
    a schedule that somebody has paused stays paused.
    """
    check_prefect()
    return asyncio.run(_deploy(opened))


def check_prefect() -> None:
    """Raise UnavailableError when no Prefect API answers."""
    from flows.running import prefect_answers

    if not prefect_answers():
        raise UnavailableError(
            "no Prefect API answers at PREFECT_API_URL",
            fix="run `headwater up`, or export PREFECT_API_URL of your server, then try again",
            state="nothing was registered or started",
        )


async def _deploy(opened: Opened) -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    wanted = deployed(opened)
    async with get_client() as client:
        await _work_pool(client)
        flows = {flow: await client.create_flow(flow) for flow in {one.flow for one in wanted}}
        kept = {(flows[one.flow], one.name): one for one in wanted}
        there = {(found.flow_id, found.name): found for found in await _registered(client, opened)}
        for at, one in kept.items():
            await _register(client, opened, one, at[0], there.get(at))
        gone = [found for at, found in there.items() if at not in kept]
        for found in gone:
            await client.delete_deployment(found.id)
        automations = await automate(client, opened)
    return {
        "work_pool": WORK_POOL,
        "deployments": [_row(one) for one in wanted],
        "automations": automations,
        "removed": sorted(found.name for found in gone),
    }


def _row(one: Deployed) -> dict[str, Any]:
    schedule = told(one.schedule, one.name)
    return {"name": one.name, "deployment": one.full_name, "source": one.source, "schedule": schedule}


async def _work_pool(client: PrefectClient) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    try:
        await client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        await client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"))


async def _register(
    client: PrefectClient, opened: Opened, one: Deployed, flow_id: UUID, before: DeploymentResponse | None
) -> None:
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions

    schedules = []
    if one.schedule is not None:
        active = not (before and before.schedules) or any(was.active for was in before.schedules)
        when = prefect_schedule(one.schedule, one.name)
        schedules = [DeploymentScheduleCreate(schedule=when, active=active)]
    await client.create_deployment(
        flow_id=flow_id,
        name=one.name,
        description=one.description,
        entrypoint=one.entrypoint,
        parameters=one.parameters,
        parameter_openapi_schema=form(one.flow, one.choices),
        enforce_parameter_schema=True,
        schedules=schedules,
        tags=[TAG, _project_tag(opened), *one.tags],
        work_pool_name=WORK_POOL,
        pull_steps=[],
        job_variables={"env": dict(DEPLOYED)},
        concurrency_limit=1 if one.alone else None,
        concurrency_options=ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
        if one.alone
        else None,
    )


def _project_tag(opened: Opened) -> str:
    return f"project:{opened.project.project}"


async def _registered(client: PrefectClient, opened: Opened) -> list[DeploymentResponse]:
    """Return the project's deployments that are registered."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    tags = DeploymentFilterTags(all_=[TAG, _project_tag(opened)])
    found: list[DeploymentResponse] = []
    while page := await client.read_deployments(
        deployment_filter=DeploymentFilter(tags=tags), limit=PAGE, offset=len(found)
    ):
        found += page
    return found
