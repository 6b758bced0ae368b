"""`headwater backfill`: make what is released again, from a chosen stage on."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.ingesting import gravest_code
from flows.cli.moments import moment
from flows.cli.output import Output, refusal_lines
from schemas.counts import count
from schemas.errors import ConfigError

if TYPE_CHECKING:
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
    """Make released documents again, or build a new index.

    The documents are done in partitions that survive a kill. With --stage chunk or embed, an index that was
    set up differently from the released one is built beside it, from all documents.
    """
    from flows.running import run_backfill

    options = _options(
        stage=stage.value,
        index=index,
        since=moment(since, "--since"),
        until=moment(until, "--until"),
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
    if gravest := gravest_code(run.refused["code"] for run in runs if run.refused):
        raise typer.Exit(gravest)


def _options(**settings: Any) -> BackfillOptions:
    from pydantic import ValidationError

    from schemas.backfill import BackfillOptions

    try:
        return BackfillOptions(**settings)
    except ValueError as problem:
        told = problem.errors()[0]["msg"] if isinstance(problem, ValidationError) else str(problem)
        raise ConfigError(
            f"this backfill cannot be: {told}", fix="see `headwater backfill --help`"
        ) from problem


def _show_plan(
    out: Output, workspace: Workspace, sources: list[str] | None, options: BackfillOptions
) -> None:
    from flows.stages.backfills import foretell

    answer = foretell(workspace, sources, options)
    lines = [_build_line(build) for build in answer["builds"]]
    lines += [_plan_line(plan) for plan in answer["sources"]]
    lines += refusal_lines(answer["refused"], "WOULD BE REFUSED") if answer["refused"] else []
    out.show(answer, "\n".join(lines))


def _build_line(build: dict[str, Any]) -> str:
    return (
        f"index {build['index']} would be built beside the live one, from all "
        f"{count(build['documents'], 'document')}; {_about(build['seconds'])}"
    )


def _plan_line(plan: dict[str, Any]) -> str:
    return (
        f"{plan['source']}: {count(plan['items'], 'item')}, {count(plan['documents'], 'document')} "
        f"from {plan['stage']} on, in {count(plan['partitions'], 'partition')}; {_about(plan['seconds'])}"
    )


def _about(seconds: float | None) -> str:
    return f"about {seconds:g} s" if seconds is not None else "time unknown"


def _run_line(run: Run) -> str:
    if run.state == "failed" and run.refused:
        return "\n".join([f"{run.source}: failed", *refusal_lines(run.refused, "FAILED")])
    what = f"release {run.release}" if run.published else run.state
    items = f"{run.items.changed} of {count(run.items.listed, 'item')}, {run.items.unchanged} left to ingest"
    added = count(run.chunks.added, "chunk")
    chunks = f"{added} added, {run.chunks.updated} updated, {run.chunks.removed} removed"
    paid = f"{run.parsed} parsed, {run.embedded} embedded, {run.from_cache} from the cache"
    line = f"{run.source}: {what} in {run.seconds['total']:.1f} s; {items}; {chunks}; {paid}"
    return "\n".join([line, *(refusal_lines(run.refused) if run.refused else [])])
