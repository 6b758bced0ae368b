"""A question to its context: one function behind the command line, the Prefect flow and HTTP."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flows.stages.assembling import assembled_from
from flows.stages.features import gathered
from flows.stages.retrieving import Retrieval, retrieve
from flows.stages.stopwatch import Stopwatch
from flows.workspace import Workspace
from schemas.context import Context, ContextRequest
from schemas.counts import count
from schemas.filters import Filters
from schemas.identity import digest
from transforms.features import Fact
from transforms.verdicts import explained


def context(
    workspace: Workspace, request: ContextRequest, *, hidden: Collection[str] = (), top_k: int | None = None
) -> Context:
    """Return the context for a question at one release, with nothing in it the principal may not read.

    It is the context as if `hidden` documents were not there, of `top_k` passages at most if that is fewer
    than the view's. Facts of the view's features and functions stand first, are numbered from 1, count in the
    budget and are always shown. Raises NotFoundError for an unknown view, release or feature, ConfigError for
    a budget that is too small or a function that is not there.
    """
    clock = Stopwatch()
    found = retrieve(workspace, request, hidden=hidden)
    if top_k is not None:
        fewer = min(top_k, found.section.top_k)
        found = replace(found, section=found.section.model_copy(update={"top_k": fewer}))
    clock.lap("retrieve")
    entries = request.principal.entries()
    facts = gathered(workspace, found.release, found.section, request, entries)
    clock.lap("facts")
    made = assembled_from(workspace, request, found, facts=facts)
    clock.lap("assemble")
    return Context(
        context_id=digest("context", made.digest, str(workspace.clock())),
        digest=made.digest,
        release=found.release.release,
        context_view=found.view,
        question=request.question,
        answerable=made.answerable,
        reason=made.reason,
        messages=made.messages,
        citations=made.citations,
        features=_shown(facts, now=workspace.clock()),
        tokens=made.tokens,
        dropped=made.dropped,
        notes=(*_notes(found), *found.notes),
        timings_ms={**found.timings_ms, **clock.timings_ms},
        explain=explained(found.hits, made.verdicts) if request.explain else (),
    )


def _notes(found: Retrieval) -> tuple[str, ...]:
    """Return what filters cost, where they left fewer passages than the view shows; of what may be read."""
    if not found.readable.filters or len(found.hits) >= found.section.top_k:
        return ()
    under = found.passages.count(found.readable)
    without = found.passages.count(replace(found.readable, filters=Filters()))
    if under >= without:
        return ()
    return (f"{count(under, 'passage')} found under the filters; {without} without them",)


def _shown(facts: Sequence[Fact], *, now: datetime) -> dict[str, Any]:
    """Return facts as a context shows them, each with the number that its passage has in the prompt."""
    said = [fact for fact in facts if fact.text]
    numbers = {id(fact): n for n, fact in enumerate(said, start=1)}
    return {fact.name: fact.as_dict(now=now, citation=numbers.get(id(fact))) for fact in facts}
