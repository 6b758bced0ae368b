"""Deployments: one per source and feature, scheduled as the project file says, gone when it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from schemas.errors import UnavailableError
from schemas.section import Schedule

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from infra.project_file import Opened

WORK_POOL = "headwater"
TAG = "headwater"


def deploy(opened: Opened) -> dict[str, Any]:
    """Register the project's deployments with the Prefect API and return what is registered and removed.

    Raises UnavailableError when no Prefect API answers. Running it twice changes nothing the second time.
    """
    from flows.running import prefect_answers

    if not prefect_answers():
        raise UnavailableError(
            "no Prefect API answers at PREFECT_API_URL",
            fix="run `headwater up`, or export PREFECT_API_URL of your server, then deploy again",
            state="nothing was registered",
        )
    return asyncio.run(_deploy(opened))


async def _deploy(opened: Opened) -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        await _work_pool(client)
        names = [*opened.project.sources, *opened.project.features]
        rows = [await _deploy_source(opened, name) for name in names]
        removed = await _remove_others(client, opened, {row["name"] for row in rows})
    return {"work_pool": WORK_POOL, "deployments": rows, "removed": removed}


async def _work_pool(client: PrefectClient) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    try:
        await client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        await client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"))


async def _deploy_source(opened: Opened, source: str) -> dict[str, Any]:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.deployments.runner import EntrypointType  # type: ignore[attr-defined]

    from flows.ingest import ingest

    project = opened.project
    section = project.sources[source] if source in project.sources else project.features[source]
    schedule = section.schedule
    name = f"{opened.project.project}-{source}"
    deployment = await ingest.ato_deployment(
        name=name,
        parameters={"source": source, "project": str(opened.path)},
        cron=schedule.cron if schedule else None,
        interval=schedule.every_s if schedule else None,
        tags=[TAG, f"project:{opened.project.project}", f"source:{source}"],
        description=f"Keep {source!r} of {opened.project.project} up to date.",
        # Per deployment: a scheduled run and a backfill of one source wait for each other.
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
        ),
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    await deployment.aapply()
    return {
        "name": name,
        "deployment": f"ingest/{name}",
        "source": source,
        "schedule": _told(schedule),
    }


async def _remove_others(client: PrefectClient, opened: Opened, kept: set[str]) -> list[str]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    tags = DeploymentFilterTags(all_=[TAG, f"project:{opened.project.project}"])
    there = await client.read_deployments(deployment_filter=DeploymentFilter(tags=tags))
    gone = [deployment for deployment in there if deployment.name not in kept]
    for deployment in gone:
        await client.delete_deployment(deployment.id)
    return sorted(deployment.name for deployment in gone)


def _told(schedule: Schedule | None) -> str:
    if schedule is None:
        return "by hand"
    return f"cron {schedule.cron} UTC" if schedule.cron else f"every {schedule.every_s} s"
