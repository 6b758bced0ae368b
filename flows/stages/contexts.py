"""Retrieve, fuse, assemble: one function behind the command line, the Prefect flow and HTTP."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from flows.workspace import Workspace
from infra.store import releases
from infra.store.denials import forbidden
from infra.store.search import Readable, keyword_leg, vector_leg
from schemas.context import Context, ContextRequest
from schemas.errors import ConfigError, NotFoundError
from schemas.identity import digest
from schemas.project import ContextViewSection
from schemas.release import Release
from schemas.tools import Embedder
from transforms.assemble import RELEVANT, Assembly, assemble, explained
from transforms.prompt import marker
from transforms.rank import Hit, fuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What a question found, and with what it was found."""

    release: Release
    view: str
    section: ContextViewSection
    embedder: Embedder
    hits: list[Hit]


def context(workspace: Workspace, request: ContextRequest) -> Context:
    """Return the context for a question at one release, with nothing in it the principal may not read.

    Raises NotFoundError for an unknown view or release, ConfigError for a budget that is too small.
    """
    started = time.perf_counter()
    found = retrieve(workspace, request)
    retrieved = time.perf_counter()
    section = found.section
    assembled = assemble(
        request.question,
        found.hits,
        Assembly(
            budget_tokens=request.budget_tokens or section.budget_tokens,
            top_k=section.top_k,
            min_score=RELEVANT if section.min_score is None else section.min_score,
        ),
        tokenizer=found.embedder.tokenizer,
        fence=fence(workspace, found.release, request, found.view),
        now=workspace.clock(),
    )
    finished = time.perf_counter()
    return Context(
        context_id=digest("context", assembled.digest, str(workspace.clock())),
        digest=assembled.digest,
        release=found.release.release,
        context_view=found.view,
        question=request.question,
        answerable=assembled.answerable,
        reason=assembled.reason,
        messages=assembled.messages,
        citations=assembled.citations,
        tokens=assembled.tokens,
        dropped=assembled.dropped,
        timings_ms={
            "retrieve": round(1000 * (retrieved - started), 3),
            "assemble": round(1000 * (finished - retrieved), 3),
        },
        explain=explained(found.hits, assembled.verdicts) if request.explain else (),
    )


def retrieve(workspace: Workspace, request: ContextRequest) -> Retrieval:
    """Return the ranked hits for a question: both legs under the same pre-filter, fused."""
    view, section = view_of(workspace, request.view)
    release, newest = releases_of(workspace, request)
    index = _index_of(release, section.index)
    embedder = workspace.embedder_for(index["embedder"], index["embedder_fp"])
    entries = request.principal.entries()
    readable = Readable(
        entries=entries,
        forbidden_documents=forbidden(workspace.store, release, newest, entries),
        sources=section.sources,
    )
    table = workspace.store.open(index["table"], version=release.tables[index["table"]].version)
    vector = vector_leg(table, embedder.embed_query(request.question), readable, section.depth)
    keyword = keyword_leg(table, request.question, readable, section.depth)
    hits = fuse(vector, keyword, vector_weight=section.vector_weight)
    return Retrieval(release=release, view=view, section=section, embedder=embedder, hits=hits)


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


def fence(workspace: Workspace, release: Release, request: ContextRequest, view: str) -> str:
    """Return the marker of a request: the same request at the same release has the same one."""
    principal = ",".join(request.principal.entries())
    return marker(workspace.store.secret, release.release, digest(view, principal, request.question))


def _index_of(release: Release, name: str) -> dict[str, Any]:
    if name not in release.indexes:
        there = ", ".join(sorted(release.indexes)) or "none"
        raise NotFoundError(
            f"release {release.release} has no index {name!r} (it has: {there})", fix="run `headwater ingest`"
        )
    return release.indexes[name]
