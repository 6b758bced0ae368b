"""`headwater ask`: an answer by the language model, streamed to the terminal, with what it cites."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

from flows.cli.ask import request_of
from flows.cli.output import Output
from flows.cli.question_options import As, AsOf, Budget, Entity, Filter, Group, Question, Release, View
from flows.labels import fact_line, label

if TYPE_CHECKING:
    from flows.stages.asking import Answer
    from flows.workspace import Workspace
    from schemas.context import ContextRequest


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ask")(ask)


def ask(  # noqa: PLR0913, PLR0917 - Typer reads the options from the parameters
    ctx: typer.Context,
    question: Question,
    view: View = None,
    principal: As = None,
    group: Group = None,
    release: Release = None,
    as_of: AsOf = None,
    entity: Entity = None,
    filters: Filter = None,
    budget: Budget = None,
) -> None:
    """A language model's answer, cited. It sees what the asker may read."""
    from flows.stages.asking import Answer
    from flows.stages.contexts import context as assemble
    from infra.store import releases

    out: Output = ctx.obj
    with out.workspace() as workspace:
        model = workspace.language_model
        number = releases.named(workspace.store, release).release if release is not None else None
        request = request_of(question, view, principal, group, number, as_of, budget, False, entity, filters)
    started = time.perf_counter()
    answer = Answer(context=assemble(workspace, request), asks=model)
    try:
        _write(out, answer)
    finally:
        _log(workspace, request, answer, 1000 * (time.perf_counter() - started))
    if out.as_json:
        out.show(answer.as_dict())
    else:
        out.say(sources_text(answer))


def _write(out: Output, answer: Answer) -> None:
    """Show the answer as it is written, where a person reads it."""
    for piece in answer.pieces():
        if not out.as_json:
            sys.stdout.write(piece)
            sys.stdout.flush()
    if answer.text and not out.as_json:
        sys.stdout.write("\n" if answer.text.endswith("\n") else "\n\n")


def _log(workspace: Workspace, request: ContextRequest, answer: Answer, latency_ms: float) -> None:
    """Log what was asked and answered, as the server does; where the store cannot be written, say so."""
    from flows.stages.interactions import Interaction, log_served
    from schemas.errors import HeadwaterError

    served = Interaction(
        request=request,
        context=answer.context,
        interface="ask",
        asked_at=workspace.clock(),
        latency_ms=latency_ms,
        answer=answer.text or None,
        model=answer.model,
    )
    try:
        log_served(workspace, [served])
    except HeadwaterError as problem:
        sys.stderr.write(f"note: not logged: {problem.detail}\n")


def sources_text(answer: Answer) -> str:
    """Return what a person reads under an answer: where it comes from, or that there is none."""
    found = answer.context
    if not found.answerable:
        return f"not answerable: {found.reason}\n(the language model was not asked)"
    used = answer.cited
    lines = [fact_line(name, fact) for name, fact in found.features.items() if fact["citation"] in used]
    for one in found.citations:
        if one.n in used:
            page = f", page {one.page}" if one.page else ""
            stale = "  STALE" if one.stale else ""
            lines += [f"[{one.n}] {label(one.title, one.heading, one.uri)}{page}{stale}", f"    {one.uri}"]
    head = (
        f"release {found.release}, view {found.context_view}, {answer.model}; context {found.context_id[:12]}"
    )
    return "\n".join([*(lines or ["it cites none of the passages it was given"]), head])
