"""Retrieve, fuse, assemble: one function behind the command line, the Prefect flow and HTTP."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flows.stages.features import gathered
from flows.workspace import Workspace
from infra.store import releases
from infra.store.denials import forbidden
from infra.store.filters import is_in
from infra.store.search import Readable, chunks_at, count_chunks, keyword_leg, vector_leg
from schemas.context import Context, ContextRequest
from schemas.errors import ConfigError, NotFoundError
from schemas.filters import Filters
from schemas.identity import digest
from schemas.project import ContextViewSection
from schemas.release import Release
from schemas.section import duration_s
from schemas.tools import Embedder, Tokenizer
from transforms.age import Aging, let_age, too_old
from transforms.assemble import Assembled, Shelf, assemble, explained
from transforms.choose import RELEVANT, Assembly, Chosen, choose
from transforms.confidence import confidence
from transforms.features import Fact
from transforms.names import boost_named
from transforms.prompt import Passage, Prompt, marker
from transforms.rank import Hit, fuse
from transforms.spans import places_around
from transforms.support import add_support
from transforms.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What a question found, and with what it was found."""

    release: Release
    view: str
    section: ContextViewSection
    embedder: Embedder
    hits: list[Hit]
    table: Any
    """The chunk table, pinned to the release."""
    readable: Readable
    confidence: float
    """From 0 to 1: that the question can be answered, by what both legs found."""


def context(
    workspace: Workspace, request: ContextRequest, *, hidden: Collection[str] = (), top_k: int | None = None
) -> Context:
    """Return the context for a question at one release, with nothing in it the principal may not read.

    It is the context as if `hidden` documents were not there, of `top_k` passages at most if that is fewer
    than the view's. Facts of the view's features and functions stand first, are numbered from 1, count in the
    budget and are always shown. Raises NotFoundError for an unknown view, release or feature, ConfigError for
    a budget that is too small or a function that is not there.
    """
    started = time.perf_counter()
    found = retrieve(workspace, request, hidden=hidden)
    if top_k is not None:
        fewer = min(top_k, found.section.top_k)
        found = replace(found, section=found.section.model_copy(update={"top_k": fewer}))
    retrieved = time.perf_counter()
    entries = request.principal.entries()
    facts = gathered(workspace, found.release, found.section, request, entries)
    told = time.perf_counter()
    made = assembled_from(workspace, request, found, facts=facts)
    finished = time.perf_counter()
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
        notes=_notes(found),
        timings_ms={
            "retrieve": round(1000 * (retrieved - started), 3),
            "facts": round(1000 * (told - retrieved), 3),
            "assemble": round(1000 * (finished - told), 3),
        },
        explain=explained(found.hits, made.verdicts) if request.explain else (),
    )


def _notes(found: Retrieval) -> tuple[str, ...]:
    """Return what filters cost, where they left fewer passages than the view shows; of what may be read."""
    if not found.readable.filters or len(found.hits) >= found.section.top_k:
        return ()
    under = count_chunks(found.table, found.readable)
    without = count_chunks(found.table, replace(found.readable, filters=Filters()))
    return (f"{under} passages found under the filters; {without} without them",) if under < without else ()


def retrieve(workspace: Workspace, request: ContextRequest, *, hidden: Collection[str] = ()) -> Retrieval:
    """Return the ranked hits for a question: both legs under the same pre-filter, fused and weighed.

    `hidden` are documents that are kept from both, as those are that the principal may not read.
    """
    view, section = view_of(workspace, request.view)
    release, newest = releases_of(workspace, request)
    index = _index_of(release, section.index)
    embedder = workspace.embedder_for(index["embedder"], index["embedder_fp"])
    entries = request.principal.entries()
    readable = Readable(
        entries=entries,
        forbidden_documents=(*forbidden(workspace.store, release, newest, entries), *sorted(hidden)),
        sources=section.sources,
        filters=request.filters,
    )
    table = workspace.store.open(index["table"], version=release.tables[index["table"]].version)
    vector = vector_leg(table, embedder.embed_query(request.question), readable, section.depth)
    keyword = keyword_leg(table, request.question, readable, section.depth)
    hits = fuse(vector, keyword, vector_weight=section.vector_weight)
    sure = confidence(request.question, hits)
    hits = boost_named(hits, request.question, weight=section.name_weight)
    hits = add_support(hits, weight=section.support_weight)
    hits = let_age(hits, _aging(workspace), at=release.created_at)
    return Retrieval(
        release=release,
        view=view,
        section=section,
        embedder=embedder,
        hits=hits,
        table=table,
        readable=readable,
        confidence=sure,
    )


def assembled_from(
    workspace: Workspace,
    request: ContextRequest,
    found: Retrieval,
    *,
    facts: Sequence[Fact] = (),
    tokenizer: Tokenizer | None = None,
) -> Assembled:
    """Return what `retrieve` found as a prompt; the same retrieval may serve several budgets.

    `tokenizer` is what the budget is counted with, the embedder's without one.
    """
    section, now = found.section, workspace.clock()
    params = Assembly(
        budget_tokens=request.budget_tokens or section.budget_tokens,
        reserve_tokens=section.reserve_tokens,
        top_k=request.top_k or section.top_k,
        min_score=RELEVANT if section.min_score is None else section.min_score,
        neighbors=section.neighbors,
        order=section.order,
    )
    old = too_old(found.hits, _aging(workspace), now=now)
    tokenizer = tokenizer or found.embedder.tokenizer
    prompt = Prompt(
        fence=fence(workspace, found.release, request, found.view),
        template=_template(workspace, section.template),
        extras=tuple(_passage(fact) for fact in facts if fact.text),
    )
    chosen = choose(
        request.question,
        found.hits,
        params,
        confidence=found.confidence,
        tokenizer=tokenizer,
        prompt=prompt,
        old=old,
    )
    shelf = _shelf(workspace, found, chosen.hits, params.neighbors)
    shown = _texts(request, prompt, chosen, shelf)
    prompt = replace(prompt, fence=fence(workspace, found.release, request, found.view, shown))
    return assemble(
        request.question,
        found.hits,
        chosen,
        params,
        shelf=shelf,
        tokenizer=tokenizer,
        prompt=prompt,
        now=now,
    )


def _passage(fact: Fact) -> Passage:
    return Passage(n=0, title=None, heading="", text=fact.text, stale=fact.stale, volatile=fact.volatile)


def _shown(facts: Sequence[Fact], *, now: datetime) -> dict[str, Any]:
    """Return facts as a context shows them, each with the number that its passage has in the prompt."""
    said = [fact for fact in facts if fact.text]
    numbers = {id(fact): n for n, fact in enumerate(said, start=1)}
    return {fact.name: fact.as_dict(now=now, citation=numbers.get(id(fact))) for fact in facts}


def _texts(request: ContextRequest, prompt: Prompt, chosen: Chosen, shelf: Shelf) -> list[str]:
    """Return every text that a prompt may show, and the documents they are of."""
    rows = [*(hit.row for hit in chosen.hits), *shelf.around.values()]
    heads = {part for row in rows for part in (row["title"], *(row["headings"] or ())) if part}
    return [request.question, *(one.text for one in prompt.extras), *heads, *shelf.texts.values()]


def _shelf(workspace: Workspace, found: Retrieval, hits: Sequence[Hit], steps: int) -> Shelf:
    """Read what citations are sliced from: the documents of hits, and the chunks around them."""
    documents = sorted({hit.row["document_id"] for hit in hits})
    if not documents:
        return Shelf(texts={})
    version = found.release.tables["documents"].version
    where = is_in("document_id", documents)
    rows = workspace.store.scan("documents", ["document_id", "text"], where=where, version=version)
    texts = dict(zip(rows["document_id"].to_pylist(), rows["text"].to_pylist(), strict=True))
    places = places_around(hits, steps) if steps else []
    return Shelf(texts=texts, around=chunks_at(found.table, places, found.readable))


def _template(workspace: Workspace, path: str | None) -> Template | None:
    if path is None:
        return None
    try:
        text = (workspace.opened.root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"the template {path!r} cannot be read: {problem}",
            fix="name a Jinja2 file, relative to the project file",
        ) from problem
    return Template(text, path)


def _aging(workspace: Workspace) -> dict[str, Aging]:
    """Return how the sources age that do."""
    return {
        name: Aging(
            max_age_s=duration_s(source.max_age) if source.max_age else None,
            half_life_s=duration_s(source.half_life) if source.half_life else None,
        )
        for name, source in workspace.opened.project.sources.items()
        if source.max_age or source.half_life
    }


def view_of(workspace: Workspace, name: str | None) -> tuple[str, ContextViewSection]:
    """Return a context view by name; without one, `default`, or the first there is."""
    views = workspace.opened.project.context_views
    wanted = name or ("default" if "default" in views else next(iter(views), "default"))
    if wanted not in views:
        if name is None:
            return wanted, ContextViewSection()
        there = ", ".join(sorted(views)) or "none"
        raise NotFoundError(
            f"there is no context view {wanted!r} (there are: {there})",
            fix="name one of them, or add it under `context_views:`",
        )
    return wanted, views[wanted]


def releases_of(workspace: Workspace, request: ContextRequest) -> tuple[Release, Release]:
    """Return the release a request is pinned to, the newest unless it says otherwise; and the newest."""
    if request.release is not None and request.as_of is not None:
        raise ConfigError("a request names a release and a time", fix="give one of them")
    newest = releases.current(workspace.store)
    if newest is None:
        raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
    if request.release is not None:
        return releases.get(workspace.store, request.release), newest
    if request.as_of is not None:
        return releases.as_of(workspace.store, request.as_of), newest
    return newest, newest


def fence(
    workspace: Workspace,
    release: Release,
    request: ContextRequest,
    view: str,
    texts: Collection[str] = (),
) -> str:
    """Return the marker of a request, in none of `texts`: the same for the same request and release."""
    principal = ",".join(request.principal.entries())
    filters = [request.filters.model_dump_json()] if request.filters else []
    asked = digest(view, principal, request.question, *filters)
    return marker(workspace.store.secret, release.release, asked, texts=texts)


def _index_of(release: Release, name: str) -> dict[str, Any]:
    if name not in release.indexes:
        there = ", ".join(sorted(release.indexes)) or "none"
        raise NotFoundError(
            f"release {release.release} has no index {name!r} (it has: {there})", fix="run `headwater ingest`"
        )
    return release.indexes[name]
