"""POST /v1/ask: a question answered by the language model, whole or streamed as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from flows.serving.answering import Answering, answering
from flows.serving.callers import Asks, Served
from flows.serving.contexts import request_of
from flows.serving.problems import problem_of
from flows.serving.writing import begun
from flows.stages.asking import Wish
from schemas.api import AskAnswer, AskBody

router = APIRouter(prefix="/v1", tags=["context"])
EVENTS = "text/event-stream"
UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.post("/ask", response_model=AskAnswer)
async def post_ask(body: AskBody, caller: Asks, serving: Served) -> Response:
    """An answer from passages the asker may read, and the context it was written from.

    With `stream` the events are `context`, then `answer` with each piece, then `done`, or `problem` where it
    ends early.
    """
    wish = Wish(max_tokens=body.max_tokens, temperature=body.temperature)
    asked = await answering(serving, request_of(body, caller), interface="ask", wish=wish)
    if body.stream:
        pieces = await begun(asked.pieces())
        return StreamingResponse(_events(asked, pieces), media_type=EVENTS, headers=UNBUFFERED)
    answer = await asked.whole()
    return Response(json.dumps(answer.as_dict(), ensure_ascii=False), media_type="application/json")


def event(name: str, said: Any) -> str:
    """Return one server-sent event."""
    return f"event: {name}\ndata: {json.dumps(said, ensure_ascii=False)}\n\n"


async def _events(asked: Answering, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    yield event("context", asked.answer.context.model_dump(mode="json"))
    try:
        async for piece in pieces:
            yield event("answer", {"text": piece})
    except Exception as error:  # noqa: BLE001 - the status is sent: whatever it is, it is told as an event
        yield event("problem", problem_of(error).as_dict())
        return
    done = asked.answer.as_dict()
    yield event("done", {name: done[name] for name in ("answer", "model", "cited", "tokens")})
