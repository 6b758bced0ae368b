"""POST /v1/context: a question answered with passages, citations, and messages ready to send."""

from __future__ import annotations

from datetime import UTC

from fastapi import APIRouter, Response

from flows.serving.callers import Asks, Caller, Served
from schemas.api import ContextAnswer, ContextBody
from schemas.context import Context, ContextRequest

router = APIRouter(prefix="/v1", tags=["context"])


@router.post("/context", response_model=ContextAnswer)
async def post_context(body: ContextBody, caller: Asks, serving: Served) -> Response:
    """The context for a question, with nothing in it the asker may not read."""
    found = await serving.context(request_of(body, caller), interface="context")
    return Response(_json(found, body), media_type="application/json")


def request_of(body: ContextBody, caller: Caller) -> ContextRequest:
    """Return what is asked, by the caller or whom they say they are."""
    as_of = body.as_of if body.as_of is None or body.as_of.tzinfo else body.as_of.replace(tzinfo=UTC)
    return ContextRequest(
        question=body.question,
        view=body.view,
        principal=caller.acting(body.principal, body.groups).principal,
        release=body.release,
        as_of=as_of,
        budget_tokens=body.budget_tokens,
        entities=body.entities,
        filters=body.filters,
        top_k=body.top_k,
        explain=body.explain,
    )


def _json(found: Context, body: ContextBody) -> str:
    if "text" not in body.include:
        return found.model_dump_json()
    text = "\n\n".join(message.content for message in found.messages)
    return ContextAnswer(**dict(found), text=text).model_dump_json()
