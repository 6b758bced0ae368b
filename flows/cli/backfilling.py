"""`headwater backfill`: make what is released again, from a chosen stage on."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output
from schemas.errors import ConfigError, RefusedError

if TYPE_CHECKING:
    from flows.stages.backfilling import BackfillPlan
    from flows.workspace import Workspace
    from schemas.backfill import BackfillOptions
    from schemas.run import Run


class Stage(StrEnum):
    """Where a backfill begins."""

    PARSE = "parse"
    CHUNK = "chunk"
    EMBED = "embed"


class Publish(StrEnum):
    """When a backfill publishes."""

    EACH = "each"
    ONCE = "once"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("backfill")(backfill)


def backfill(  # noqa: PLR0913, PLR0917 - the command line's options
    context: typer.Context,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; repeatable.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Changed at the source at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Changed at the source before this time.")] = None,
    match: Annotated[str | None, typer.Option(help="Items whose key matches, as in 'guides/*.md'.")] = None,
    ids: Annotated[list[str] | None, typer.Option("--id", help="A document's id or URI; repeatable.")] = None,
    stage: Annotated[Stage, typer.Option(help="Where to begin.")] = Stage.PARSE,
    index: Annotated[str | None, typer.Option(help="Only this index, after parsing.")] = None,
    partition_items: Annotated[int, typer.Option(help="Items done together.")] = 200,
    publish: Annotated[Publish, typer.Option(help="A release per partition, or one.")] = Publish.EACH,
    items_per_minute: Annotated[float | None, typer.Option(help="At most so many items a minute.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
) -> None:
    """Make released documents again, in partitions that survive a kill; or build a newly set up index."""
    from flows.running import run_backfill

    options = _options(
        stage=stage.value,
        index=index,
        since=moment(since),
        until=moment(until),
        match=match,
        ids=tuple(ids or ()),
        partition_items=partition_items,
        publish=publish.value,
        items_per_minute=items_per_minute,
    )
    out: Output = context.obj
    with out.workspace() as workspace:
        for name in source or []:
            workspace.opened.source(name)
        if dry_run:
            _show_plan(out, workspace, source, options)
            return
        runs = run_backfill(workspace, source, options)
    out.show([run.as_dict() for run in runs], "\n".join(_run_line(run) for run in runs))
    if any(run.refused for run in runs):
        raise typer.Exit(RefusedError.exit_code)


def _options(**settings: Any) -> BackfillOptions:
    from pydantic import ValidationError

    from schemas.backfill import BackfillOptions

    try:
        return BackfillOptions(**settings)
    except ValueError as problem:
        told = problem.errors()[0]["msg"] if isinstance(problem, ValidationError) else str(problem)
        raise ConfigError(f"this backfill cannot be: {told}", fix="see --help") from problem


def _show_plan(
    out: Output, workspace: Workspace, sources: list[str] | None, options: BackfillOptions
) -> None:
    from flows.stages.backfills import plans, waiting_indexes

    builds = waiting_indexes(workspace) if options.stage != "parse" else []
    found = [] if builds else plans(workspace, sources, options)
    told = [f"index {name} would be built beside the live one, from all documents" for name in builds]
    answer = {"builds": builds, "sources": [plan.as_dict() for plan in found]}
    out.show(answer, "\n".join(told + [plan_line(plan) for plan in found]))


def plan_line(plan: BackfillPlan) -> str:
    """Return a plan as a person reads it."""
    items = sum(len(keys) for keys in plan.partitions)
    seconds = f"about {plan.seconds:g} s" if plan.seconds is not None else "time unknown"
    return (
        f"{plan.source}: {items} items, {plan.documents} documents from {plan.stage} on, "
        f"in {len(plan.partitions)} partitions; {seconds}"
    )


def moment(text: str | None) -> datetime | None:
    """Return a time as people write it, RFC 3339 or a date, in UTC unless it says otherwise."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise ConfigError(
            f"{text!r} is not a time", fix="write 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _run_line(run: Run) -> str:
    what = f"release {run.release}" if run.published else run.state
    items = f"{run.items.changed} of {run.items.listed} items, {run.items.unchanged} left to ingest"
    chunks = f"{run.chunks.added} chunks added, {run.chunks.updated} updated, {run.chunks.removed} removed"
    paid = f"{run.parsed} parsed, {run.embedded} embedded, {run.from_cache} from the cache"
    line = f"{run.source}: {what} in {run.seconds['total']:.1f} s; {items}; {chunks}; {paid}"
    return line + (f"\n  REFUSED    {run.refused['detail']}" if run.refused else "")
