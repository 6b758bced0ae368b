"""POST /v1/vector_stores/{view}/search: a context view as a vector store of OpenAI's protocol."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter

from flows.serving.callers import Asks, Served
from flows.serving.openai_chat import check_view
from flows.serving.openai_errors import OpenAiRoute, UnsupportedError
from flows.serving.openai_filters import filters_of
from flows.serving.openai_prompt import asked
from flows.serving.searching import best_first, budget_for
from schemas.context import Citation
from schemas.openai import SearchBody

router = APIRouter(prefix="/v1", tags=["openai"], route_class=OpenAiRoute)


@router.post("/vector_stores/{view}/search")
async def post_search(view: str, body: SearchBody, caller: Asks, serving: Served) -> dict[str, Any]:
    """The passages that answer a query, best first; none where nothing relevant is there."""
    check_view(serving, view)
    for name in body.model_extra or {}:
        raise UnsupportedError(f"there is no parameter {name!r}", fix="leave it out")
    query = body.query if isinstance(body.query, str) else "\n".join(body.query)
    budget = body.budget_tokens or budget_for(body.max_num_results, serving.section)
    request = asked(
        body,
        caller,
        question=query,
        view=view,
        filters=filters_of(body.filters),
        budget_tokens=budget,
        top_k=body.max_num_results,
    )
    found = await serving.context(request, interface="search")
    passages = best_first(found, least=body.ranking_options.score_threshold)
    return {
        "object": "vector_store.search_results.page",
        "search_query": [query],
        "data": [_result(one, found.release) for one in passages],
        "has_more": False,
        "next_page": None,
        "context_id": found.context_id,
    }


def _result(one: Citation, release: int) -> dict[str, Any]:
    told = {
        "source": one.source,
        "uri": one.uri,
        "title": one.title,
        "heading": one.heading or None,
        "page": one.page,
        "source_at": one.source_at.isoformat() if one.source_at else None,
        "stale": one.stale,
        "chunk_id": one.chunk_id,
        "start": one.start,
        "end": one.end,
        "release": release,
    }
    return {
        "file_id": one.document_id,
        "filename": unquote(one.uri.rsplit("/", 1)[-1]),
        "score": one.score,
        "attributes": {name: value for name, value in told.items() if value is not None},
        "content": [{"type": "text", "text": one.quote}],
    }
