"""`headwater context`: the context for a question, as somebody, at a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.moments import moment
from flows.cli.output import Output
from flows.cli.question_options import As, AsOf, Budget, Entity, Filter, Group, Question, Release, View
from flows.labels import fact_line, label
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from schemas.context import Context, ContextRequest


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("context")(context)


def context(  # noqa: PLR0913, PLR0917 - Typer reads the options from the parameters
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Show every candidate and what became of it.")
    ] = False,
) -> None:
    """The prompt for a question: passages the asker may read, cited."""
    from flows.stages.contexts import context as assemble
    from infra.store import releases

    out: Output = ctx.obj
    with out.workspace() as workspace:
        number = releases.named(workspace.store, release).release if release is not None else None
        request = request_of(
            question, view, principal, group, number, as_of, budget, explain, entity, filters
        )
        found = assemble(workspace, request)
    out.show(found.model_dump(mode="json"), context_text(found))


def request_of(  # noqa: PLR0913, PLR0917 - what the command line says, one by one
    question: str,
    view: str | None,
    principal: str | None,
    group: list[str] | None,
    release: int | None,
    as_of: str | None,
    budget: int | None,
    explain: bool,
    entity: list[str] | None = None,
    filters: list[str] | None = None,
) -> ContextRequest:
    """Return the checked request. Raises ConfigError naming what is wrong with it."""
    from pydantic import ValidationError

    from schemas.context import ContextRequest, Principal
    from schemas.filters import Filters, read_filters

    if principal is not None and not principal.startswith("user:"):
        raise ConfigError(
            f"--as is {principal!r}", fix="write it as --as user:NAME, and groups as --group NAME"
        )
    user = principal.removeprefix("user:") if principal else None
    try:
        who = Principal(user=user, groups=tuple(g.removeprefix("group:") for g in group or ()))
        who.entries()
        return ContextRequest(
            question=question,
            view=view,
            principal=who,
            release=release,
            as_of=moment(as_of, "--as-of"),
            budget_tokens=budget,
            entities=entities_of(entity),
            filters=Filters(**read_filters(filters or ())),
            explain=explain,
        )
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{place}: {first['msg'].removeprefix('Value error, ')}", fix="see `headwater context --help`"
        ) from None
    except ValueError as problem:
        raise ConfigError(str(problem), fix="see `headwater context --help`") from None


def entities_of(given: list[str] | None) -> dict[str, str]:
    """Return entities by name from texts like customer_id=42. Raises ConfigError naming one that is not."""
    pairs = [one.partition("=") for one in given or ()]
    for one, (name, sign, key) in zip(given or (), pairs, strict=True):
        if not (name and sign and key):
            raise ConfigError(f"--entity is {one!r}", fix="write it as --entity NAME=KEY")
    return {name: key for name, _, key in pairs}


def context_text(found: Context) -> str:
    """Return a context as a person reads it."""
    lines = [f"question   {found.question}", f"release    {found.release}   view {found.context_view}"]
    lines.append(f"tokens     {found.tokens.used} of {found.tokens.budget}")
    if not found.answerable:
        lines.append(f"not answerable: {found.reason}")
    lines += [f"note       {note}" for note in found.notes]
    lines += ["", *(fact_line(name, fact) for name, fact in found.features.items())] if found.features else []
    for citation in found.citations:
        where = label(citation.title, citation.heading, citation.uri)
        page = f", page {citation.page}" if citation.page else ""
        stale = "  STALE" if citation.stale else ""
        lines += [
            "",
            f"[{citation.n}] {where}{page}   score {citation.score:.2f}{stale}",
            f"    {citation.uri}",
        ]
        lines += [f"    | {line}" for line in citation.quote.splitlines()]
    for candidate in found.explain:
        legs = f"vector {_leg(candidate.vector_rank, candidate.vector_score)}  keyword " + _leg(
            candidate.keyword_rank, candidate.keyword_score
        )
        where = label(candidate.title, candidate.heading, candidate.uri)
        lines.append(f"  {candidate.verdict:<12} {candidate.score:.3f}  {legs}  {where}")
    return "\n".join(lines)


def _leg(rank: int | None, score: float | None) -> str:
    return "-" if rank is None or score is None else f"#{rank} ({score:.2f})"
