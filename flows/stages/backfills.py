"""Backfill a project: first the indexes nobody can search yet, else the sources that are named."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flows.stages.backfilling import BackfillPlan, Pace, backfill_source, check_indexes, plan_backfill
from flows.stages.index_building import build_indexes, plan_builds
from flows.stages.rebuilding import unbuilt
from flows.stages.reporting import stopped_by
from flows.stages.step import Step, direct
from flows.workspace import Workspace
from infra.store import releases
from infra.store.publish import check_hold
from schemas.backfill import BackfillOptions
from schemas.errors import HeadwaterError, NotFoundError, RefusedError
from schemas.run import Run


def backfill_project(
    workspace: Workspace,
    sources: list[str] | None,
    options: BackfillOptions,
    *,
    step: Step = direct,
    wait: Callable[[float], None] = time.sleep,
) -> list[Run]:
    """Make what is selected again, source by source.

    Of several sources, one that is refused or fails does not keep the others from their turn: its run says
    so; the error of the only one is raised. With stage chunk or embed and an index that no release has, that
    index is built, for all sources at once: part of an index is nothing that could be published.
    """
    if options.stage != "parse" and waiting_indexes(workspace):
        pace = Pace(items_per_minute=options.items_per_minute, wait=wait)
        built = build_indexes(workspace, spend=pace.spend, step=step)
        return [built] if built else []
    runs: list[Run] = []
    names = selected_sources(workspace, sources, options)
    for name in names:
        try:
            runs += backfill_source(workspace, name, options, step=step, wait=wait)
        except HeadwaterError as problem:
            if len(names) == 1:
                raise
            runs.append(stopped_by(name, problem))
    return runs


def foretell(workspace: Workspace, sources: list[str] | None, options: BackfillOptions) -> dict[str, Any]:
    """Return what a backfill would do: indexes to build, or each source's plan; and what would refuse it."""
    builds = plan_builds(workspace) if options.stage != "parse" and waiting_indexes(workspace) else []
    found = [] if builds else plans(workspace, sources, options)
    refused = foretold(workspace, options)
    return {
        "builds": builds,
        "sources": [plan.as_dict() for plan in found],
        "refused": refused.as_dict() if refused else None,
    }


def waiting_indexes(workspace: Workspace) -> list[str]:
    """Return the names of the project's indexes that no release has yet."""
    return [index.name for index in unbuilt(workspace, releases.current(workspace.store))]


def foretold(workspace: Workspace, options: BackfillOptions) -> RefusedError | None:
    """Return what would refuse a backfill: an index that is to be built first, or publishing on hold."""
    try:
        if options.stage == "parse":
            check_indexes(workspace, options)
        check_hold(releases.current(workspace.store))
    except RefusedError as refusal:
        return refusal
    return None


def selected_sources(workspace: Workspace, sources: list[str] | None, options: BackfillOptions) -> list[str]:
    """Return the sources that are named; of all of them those in which something is selected."""
    if sources:
        return sources
    return [plan.source for plan in plans(workspace, None, options)]


def plans(workspace: Workspace, sources: list[str] | None, options: BackfillOptions) -> list[BackfillPlan]:
    """Return what a backfill would do to each source. Raises NotFoundError when nothing is selected."""
    found: list[BackfillPlan] = []
    problems: list[NotFoundError] = []
    for name in sources or list(workspace.opened.project.sources):
        try:
            found.append(plan_backfill(workspace, name, options))
        except NotFoundError as problem:
            problems.append(problem)
    if problems and (sources or not found):
        raise problems[0]
    return found
