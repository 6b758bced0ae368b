"""`headwater plan` and `headwater ingest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output, refusal_lines
from schemas.counts import count
from schemas.errors import ConfigError, HeadwaterError, exit_code_of

if TYPE_CHECKING:
    from flows.stages.ingesting import IngestOptions
    from flows.stages.planning import SourcePlan
    from flows.workspace import Workspace
    from schemas.run import Run

Sources = Annotated[
    list[str] | None, typer.Option("--source", help="Only this source or feature; may be given again.")
]

GRAVEST_FIRST = (1, 2, 4, 3, 0)
"""Exit codes of runs: the first of them that is among those of several sources is the program's."""


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("plan")(plan)
    app.command("ingest")(ingest)


def plan(
    context: typer.Context,
    source: Sources = None,
    fast: Annotated[bool, typer.Option("--fast", help="From the listing alone: parse nothing.")] = False,
) -> None:
    """What ingest would do and what it would cost; writes nothing."""
    from flows.stages.planning import plan_one

    out: Output = context.obj
    with out.workspace() as workspace:
        plans = [plan_one(workspace, name, fast=fast) for name in chosen(workspace, source)]
    out.show([p.as_dict() for p in plans], "\n".join(plan_text(p) for p in plans))


def ingest(
    context: typer.Context,
    source: Sources = None,
    full: Annotated[bool, typer.Option("--full", help="Read every item, whatever its token says.")] = False,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Believe a listing that lost much.")
    ] = False,
    allow_rebuild: Annotated[
        bool, typer.Option("--allow-rebuild", help="Redo what a changed setting asks for.")
    ] = False,
) -> None:
    """Bring sources and features up to date; a release each.

    With several sources, one that fails or is refused does not keep the others from their turn, and the exit
    code is the gravest: 1 failed, 2 wrong config, 4 unavailable, 3 refused, 0 done. With --json one source
    prints its run, or the error that ended it; several print a list of runs, a failed one with its error in
    `refused`.
    """
    from flows.stages.ingesting import IngestOptions

    out: Output = context.obj
    options = IngestOptions(full=full, allow_shrink=allow_shrink, allow_rebuild=allow_rebuild)
    with out.workspace() as workspace:
        ingest_each(out, workspace, dict.fromkeys(chosen(workspace, source), options))


def ingest_each(out: Output, workspace: Workspace, options: Mapping[str, IngestOptions]) -> None:
    """Ingest sources, each with its options, and print their runs; the exit code is the gravest of all."""
    runs: list[Run] = []
    for name, how in options.items():
        runs.append(_attempt(workspace, name, how, alone=len(options) == 1))
        out.say(run_text(runs[-1]))
    if out.as_json:
        answer: Any = runs[0].as_dict() if len(runs) == 1 else [run.as_dict() for run in runs]
        out.show(answer)
    if gravest := gravest_code(run.refused["code"] for run in runs if run.refused):
        raise typer.Exit(gravest)


def gravest_code(errors: Iterable[str]) -> int:
    """Return the exit code of the gravest of some errors, which are given by their codes; 0 of none."""
    codes = {0, *(exit_code_of(code) for code in errors)}
    return next(code for code in GRAVEST_FIRST if code in codes)


def _attempt(workspace: Workspace, name: str, how: IngestOptions, *, alone: bool) -> Run:
    """Return a source's run; the error of the only source there is ends the program."""
    from flows.running import run_ingest
    from flows.stages.reporting import stopped_by

    try:
        return run_ingest(workspace, name, how)
    except HeadwaterError as problem:
        if alone:
            raise
        return stopped_by(name, problem)


def chosen(workspace: Workspace, names: list[str] | None) -> list[str]:
    """Return what to work on: the sources and features named, or all of the project's, sources first."""
    for name in names or []:
        workspace.opened.check_name(name)
    found = names or [*workspace.opened.project.sources, *workspace.opened.project.features]
    if not found:
        raise ConfigError("the project has no source", fix="add one under `sources:` in headwater.yaml")
    return list(dict.fromkeys(found))


def run_text(run: Run) -> str:
    """Return a run's report as a person reads it."""
    from schemas.run import ItemCounts

    if run.state == "failed" and run.refused:
        return "\n".join([f"{run.source}: failed", *refusal_lines(run.refused, "FAILED")])
    items = run.items
    what = f"release {run.release}" if run.published else run.state
    kept = f"{items.unchanged} unchanged, {items.quarantined} in quarantine; {items.removed} removed"
    lines = [f"{run.source}: {what} in {run.seconds['total']:.1f} s"]
    what_of = "items" if run.documents else "rows"
    if not run.refused or items != ItemCounts():  # refused by its listing, it has counted nothing
        lines.append(
            f"  {what_of:<10} {items.listed} listed: {items.added} added, {items.changed} changed, {kept}"
        )
    if run.documents and (run.parsed or run.published):
        changed = f"{run.chunks.added} added, {run.chunks.updated} updated, {run.chunks.removed} removed"
        lines.append(f"  chunks     {changed}; {run.chunks.total} in all")
        paid = f"{run.parsed} parsed, {run.embedded} embedded, {run.from_cache} from the cache"
        lines.append(f"  paid for   {paid}")
    if run.reasons:
        lines.append("  rejected   " + ", ".join(f"{n} {reason}" for reason, n in run.reasons.items()))
    lines += note_lines(run.notes)
    return "\n".join(lines + (refusal_lines(run.refused) if run.refused else []))


def plan_text(plan: SourcePlan) -> str:
    """Return a plan as a person reads it."""
    items = plan.items
    if not items:
        return "\n".join([f"{plan.source}: cannot be told without reading it", *note_lines(plan.notes)])
    cost = (
        f"{count(plan.chunks, 'chunk')}, {count(plan.texts_to_embed, 'text')} to embed"
        if plan.exact
        else "chunks not counted (--fast)"
    )
    seconds = f"about {plan.seconds:g} s" if plan.seconds is not None else "time unknown before the first run"
    line = (
        f"{plan.source}: {items['added']} added, {items['changed']} changed, {items['removed']} removed, "
        f"{items['unchanged']} unchanged, {items['quarantined']} in quarantine; "
        f"{plan.parsed} to parse, {cost}; {seconds}"
    )
    refused = refusal_lines(plan.refused, "WOULD BE REFUSED") if plan.refused else []
    return "\n".join([line, *note_lines(plan.notes), *refused])


def note_lines(notes: Iterable[str]) -> list[str]:
    """Return what a listing says besides its items, under a run's or a plan's first line."""
    return [f"  note       {note}" for note in notes]
