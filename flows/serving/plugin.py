"""The ChatGPT Retrieval Plugin's routes: /upsert, /upsert-file, /query, /delete; its bearer is an API key.

What is pushed is kept at once and answered 202 with the run whose release will have it.
"""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from fastapi import Query as InQuery
from pydantic import ValidationError

from flows.serving.callers import Asks, Pushes, Served
from flows.serving.searching import best_first, budget_for
from flows.serving.serving import Serving
from flows.stages.pushing import max_bytes, push_source, run_state
from infra.store.pushed import PushedItem, push, pushed, unpush
from schemas.context import Citation, ContextRequest
from schemas.errors import ConfigError
from schemas.filters import Filters
from schemas.identity import content_hash, document_id
from schemas.plugin import (
    KEY_CHARS,
    Accepted,
    DeleteBody,
    Deleted,
    Document,
    Filter,
    Metadata,
    Query,
    QueryBody,
    UpsertBody,
)
from transforms.parsers import MEDIA_TYPES

router = APIRouter(tags=["plugin"])
To = Annotated[str | None, InQuery(description="A source of type `push`; the only one without it.")]
From = Annotated[
    str | None, InQuery(description="A context view that holds the source; the default one without it.")
]
TEXTS = (".txt", ".md", ".markdown", ".html", ".htm", ".rst")
"""Endings that say how a text is to be read; any other id gets .txt."""
SHORT = 24


@router.post("/upsert", status_code=202)
async def upsert(body: UpsertBody, _caller: Pushes, serving: Served, source: To = None) -> Accepted:
    """Keep documents; those with an id that is there already are replaced."""
    ids = [one.id or one.metadata.source_id or _named(one.text.encode()) for one in body.documents]
    items = [_text_item(name, one) for name, one in zip(ids, body.documents, strict=True)]
    return await _kept(serving, source, ids, items)


@router.post("/upsert-file", status_code=202)
async def upsert_file(
    file: UploadFile,
    _caller: Pushes,
    serving: Served,
    metadata: Annotated[str | None, Form()] = None,
    source: To = None,
) -> Accepted:
    """Keep a file, by its name; its ending says how it is read."""
    said, content = _metadata(metadata), await file.read()
    ending = PurePosixPath(file.filename or "").suffix.lower()
    if ending not in MEDIA_TYPES:
        known = ", ".join(MEDIA_TYPES)
        raise ConfigError(f"a file called {file.filename!r} cannot be read", fix=f"its name ends in {known}")
    name = said.source_id or str(file.filename)[-KEY_CHARS:]
    key = name if name.lower().endswith(ending) else name + ending
    item = PushedItem(key=key, content=content, uri=said.url or f"push:{key}", source_at=said.created_at)
    return await _kept(serving, source, [name], [item])


@router.post("/delete")
async def delete(body: DeleteBody, _caller: Pushes, serving: Served, source: To = None) -> Deleted:
    """Delete documents by the ids they were pushed with or found by, or all of them."""
    name = push_source(serving.workspace, source)
    wanted = {*(body.ids or ()), *_ids_of(body.filter)}
    if not wanted and not body.delete_all:
        raise ConfigError("nothing says what to delete", fix="give ids, filter.document_id or delete_all")
    run_id = await serving.run(partial(_forgotten, serving, name, wanted, all_of_them=bool(body.delete_all)))
    return Deleted(success=True, run_id=run_id)


@router.post("/query")
async def query(body: QueryBody, caller: Asks, serving: Served, view: From = None) -> dict[str, Any]:
    """Passages for each question, best first."""
    results = []
    for one in body.queries:
        top_k = one.top_k or 3
        request = ContextRequest(
            question=one.query,
            view=view,
            principal=caller.principal,
            filters=_filters(one),
            top_k=top_k,
            budget_tokens=budget_for(top_k, serving.section),
        )
        found = await serving.context(request, interface="plugin")
        results.append({"query": one.query, "results": [_result(hit) for hit in best_first(found)]})
    return {"results": results}


@router.get("/v1/runs/{run_id}")
async def get_run(run_id: str, _caller: Pushes, serving: Served) -> dict[str, Any]:
    """What became of a push: `pending`, or how its run ended and at which release it is."""
    return await serving.run(partial(run_state, serving.workspace, run_id))


async def _kept(serving: Serving, source: str | None, ids: list[str], items: list[PushedItem]) -> Accepted:
    name = push_source(serving.workspace, source)
    most = max_bytes(serving.workspace, name)
    for item in items:
        if len(item.content) > most:
            raise ConfigError(
                f"{item.key!r} has more than {most} bytes", fix="split it, or raise `max_bytes`"
            )
    workspace = serving.workspace

    def keep(run_id: str) -> None:
        push(workspace.store, name, items, run_id=run_id, clock=workspace.clock)

    return Accepted(ids=ids, run_id=await serving.run(partial(serving.pusher.taken, name, keep)))


def _forgotten(serving: Serving, name: str, wanted: set[str], *, all_of_them: bool) -> str | None:
    workspace = serving.workspace
    keys = pushed(workspace.store, name)["key"].to_pylist()
    gone = [key for key in keys if all_of_them or wanted & {key, _text_name(key), document_id(name, key)}]
    if not gone:
        return None
    return serving.pusher.taken(
        name, lambda run_id: unpush(workspace.store, name, gone, run_id=run_id, clock=workspace.clock)
    )


def _text_item(name: str, one: Document) -> PushedItem:
    key = name if name.lower().endswith(TEXTS) else f"{name}.txt"
    said = one.metadata
    uri = said.url or f"push:{name}"
    return PushedItem(key=key, content=one.text.encode(), uri=uri, source_at=said.created_at)


def _text_name(key: str) -> str:
    """Return the id that a text was pushed with, where it was given an ending."""
    return key.removesuffix(".txt")


def _named(content: bytes) -> str:
    """Return an id for what has none: the same text is the same document."""
    return content_hash(content)[:SHORT]


def _metadata(text: str | None) -> Metadata:
    try:
        return Metadata.model_validate_json(text) if text else Metadata()
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ConfigError(f"metadata: {first['msg']}", fix="send a JSON object") from None


def _ids_of(given: Filter | None) -> list[str]:
    if given is None:
        return []
    if given.source or given.author or given.start_date or given.end_date:
        raise ConfigError("only document_id and source_id tell what to delete", fix="name documents by id")
    return [one for one in (given.document_id, given.source_id) if one]


def _filters(one: Query) -> Filters:
    given = one.filter or Filter()
    if given.document_id or given.source_id or given.author or given.source:
        raise ConfigError("only start_date and end_date filter a query here", fix="leave the others out")
    try:
        return Filters(since=given.start_date, until=given.end_date)
    except ValidationError as problem:
        raise ConfigError(f"filter: {problem.errors()[0]['msg']}", fix="mend it") from None


def _result(one: Citation) -> dict[str, Any]:
    made_at = one.source_at.isoformat() if one.source_at else None
    return {
        "id": one.chunk_id,
        "text": one.quote,
        "score": one.score,
        "embedding": None,
        "metadata": {
            "source": "file",
            "source_id": one.source,
            "url": one.uri,
            "created_at": made_at,
            "author": None,
            "document_id": one.document_id,
        },
    }
