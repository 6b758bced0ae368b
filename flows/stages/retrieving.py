"""Retrieve: what a question finds at one release, ranked, with nothing in it the asker may not read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.stages.comparing import Reading, clustered
from flows.stages.reranking import reranked
from flows.stages.stopwatch import Stopwatch
from flows.workspace import Workspace
from infra.store import releases
from infra.store.denials import forbidden
from infra.store.readable import Readable
from infra.store.search import Passages
from infra.store.thresholds import threshold_of
from schemas.context import ContextRequest
from schemas.errors import ConfigError, NotFoundError
from schemas.project import ContextViewSection
from schemas.release import Release
from schemas.section import duration_s
from schemas.tools import Embedder
from transforms.age import Aging, let_age
from transforms.choose import RELEVANT
from transforms.confidence import confidence
from transforms.coverage import add_coverage, shared
from transforms.names import boost_named
from transforms.rank import Hit, fuse
from transforms.support import add_support


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What a question found, and with what it was found."""

    release: Release
    view: str
    section: ContextViewSection
    embedder: Embedder
    hits: list[Hit]
    passages: Passages
    """The chunk table, pinned to the release."""
    readable: Readable
    aging: Mapping[str, Aging]
    confidence: float
    """From 0 to 1: that the question can be answered, by what both legs found."""
    min_score: float
    """Below this confidence nothing is relevant: the view's, else what was fitted, else the default."""
    notes: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


def retrieve(workspace: Workspace, request: ContextRequest, *, hidden: Collection[str] = ()) -> Retrieval:
    """Return the ranked hits for a question: both legs under the same pre-filter, fused and weighed.

    `hidden` are documents that are kept from both, as those are that the principal may not read.
    """
    clock = Stopwatch()
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
    clock.lap("rights")
    passages = workspace.store.made_of(index["table"], release.tables[index["table"]].version, Passages)
    reading = Reading(embedder, request.question)
    embed = clock.timing("embed", reading.vector)
    vector, keyword = passages.both_legs(
        request.question, embed, readable, section.depth, center_weight=section.center_weight
    )
    clock.lap("search")
    hits = fuse(vector, keyword, vector_weight=section.vector_weight, margin_weight=section.margin_weight)
    words = shared(request.question, hits)
    sure = confidence(request.question, hits, words)
    hits = boost_named(hits, request.question, weight=section.name_weight)
    hits = add_coverage(hits, words, weight=section.coverage_weight)
    hits = reading.compared(hits, words, passages, weight=section.maxsim_weight)
    hits = clustered(hits, passages, weight=section.cluster_weight)
    hits = add_support(hits, weight=section.support_weight)
    aging = _aging(workspace)
    hits = let_age(hits, aging, at=release.created_at)
    clock.lap("rank")
    hits, notes = reranked(workspace, section.rerank, request.question, hits)
    if section.rerank is not None:
        clock.lap("rerank")
    return Retrieval(
        release=release,
        view=view,
        section=section,
        embedder=embedder,
        hits=hits,
        passages=passages,
        readable=readable,
        aging=aging,
        confidence=sure,
        min_score=_least(workspace, section, release, view, index["embedder_fp"]),
        notes=notes,
        timings_ms=clock.timings_ms,
    )


def _least(
    workspace: Workspace, section: ContextViewSection, release: Release, view: str, embedder_fp: str
) -> float:
    if section.min_score is not None:
        return section.min_score
    fitted = threshold_of(workspace.store, release=release.release, view=view, embedder_fp=embedder_fp)
    return RELEVANT if fitted is None else fitted


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


def _index_of(release: Release, name: str) -> dict[str, Any]:
    if name not in release.indexes:
        there = ", ".join(sorted(release.indexes)) or "none"
        raise NotFoundError(
            f"release {release.release} has no index {name!r} (it has: {there})", fix="run `headwater ingest`"
        )
    return release.indexes[name]
