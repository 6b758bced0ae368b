"""What a project deploys: a flow for each source and feature, and one for each thing done to the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.section import Schedule

if TYPE_CHECKING:
    from prefect import Flow

    from infra.project_file import Opened
    from schemas.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployment: a flow, with what its runs are given when nobody says otherwise."""

    flow: Flow[..., Any]
    name: str
    description: str
    parameters: dict[str, Any]
    choices: dict[str, list[str]]
    schedule: Schedule | None = None
    source: str | None = None
    alone: bool = False
    """Whether a run waits for the one before it."""
    tags: tuple[str, ...] = field(default=())

    @property
    def full_name(self) -> str:
        """The flow's name and the deployment's, as Prefect's command line takes them."""
        return f"{self.flow.name}/{self.name}"

    @property
    def entrypoint(self) -> str:
        """Where a worker imports the flow from."""
        return f"{self.flow.__module__}.{self.flow.fn.__name__}"


def deployed(opened: Opened) -> list[Deployed]:
    """Return all that a project deploys, sources first."""
    return [*_of_sources(opened), *_of_the_whole(opened)]


def _of_sources(opened: Opened) -> Iterator[Deployed]:
    """A source's schedule and its backfills share a deployment: so they wait for each other."""
    from flows.ingest import ingest

    project = opened.project
    for name in (*project.sources, *project.features):
        section = project.sources[name] if name in project.sources else project.features[name]
        yield Deployed(
            flow=ingest,
            name=f"{project.project}-{name}",
            description=f"Keep {name!r} of {project.project} up to date, or make a part of it again.",
            parameters={"source": name, "project": str(opened.path)},
            choices={"source": [name], "index": list(project.indexes)},
            schedule=section.schedule,
            source=name,
            alone=True,
            tags=(f"source:{name}",),
        )


def _of_the_whole(opened: Opened) -> Iterator[Deployed]:
    from flows.backfill import backfill
    from flows.context import assemble_context
    from flows.contexts import assemble_contexts
    from flows.evaluate import evaluate
    from flows.export import export_dataset
    from flows.freshness import freshness
    from flows.maintain import maintain

    project = opened.project
    schedules = {freshness.name: project.operations.freshness, maintain.name: project.operations.maintain}
    for flow, what in (
        (backfill, "Make documents of several sources again, or build an index that was set up anew."),
        (assemble_context, "Answer a question with passages and citations."),
        (assemble_contexts, "Answer a file of questions, all at one release."),
        (export_dataset, "Write a dataset's files from a release."),
        (evaluate, "Ask questions whose answers are known, and say how good what comes back is."),
        (freshness, "Say of each source whether it changed, was looked at and released too long ago."),
        (maintain, "Thin out releases, compact tables, forget what nobody uses."),
    ):
        if flow is export_dataset and not project.datasets:
            continue
        changes = flow in (backfill, maintain)
        yield Deployed(
            flow=flow,
            name=project.project,
            description=what,
            parameters={"project": str(opened.path)},
            choices=_choices(project),
            schedule=schedules.get(flow.name),
            alone=changes,
        )


def _choices(project: Project) -> dict[str, list[str]]:
    views = list(project.context_views)
    return {
        "sources": list(project.sources),
        "index": list(project.indexes),
        "view": views,
        "against_view": views,
        "dataset": list(project.datasets),
    }
