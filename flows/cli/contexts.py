"""`headwater contexts`: the contexts of many questions, one line of JSON each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import Output
from schemas.counts import count

if TYPE_CHECKING:
    from flows.stages.many_contexts import ManyContexts


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("contexts")(contexts)


def contexts(
    context: typer.Context,
    requests: Annotated[Path, typer.Argument(help="A JSONL file: question, view, principal, groups, ...")],
    out: Annotated[Path, typer.Option("--out", help="The JSONL file to write, in the same order.")],
    release: Annotated[str | None, typer.Option("--release", help="Ask this one, not the newest.")] = None,
    workers: Annotated[int, typer.Option(help="Requests in work at once.", min=1, max=64)] = 4,
) -> None:
    """The contexts of a file of questions, several at once."""
    from flows.running import run_contexts
    from infra.store import releases

    output: Output = context.obj
    with output.workspace() as workspace:
        number = releases.named(workspace.store, release).release if release is not None else None
        done = run_contexts(workspace, requests, out, release=number, workers=workers)
    output.show(done.as_dict(), contexts_text(done))
    if done.failed:
        raise typer.Exit(1)


def contexts_text(done: ManyContexts) -> str:
    """Return what was done as a person reads it."""
    asked = f"{count(done.requests, 'request')} at release {done.release}: {done.answerable} with passages"
    failed = f", {done.failed} failed: see the `error` of their lines" if done.failed else ""
    return f"{asked}, {done.not_answerable} not answerable{failed}\n  {done.out}"
