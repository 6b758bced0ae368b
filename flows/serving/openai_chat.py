"""GET /v1/models and POST /v1/chat/completions, as OpenAI's clients expect them; a model is a context view.

The last message is the question; the passages that answer it are put into the prompt, earlier turns stay as
they are, and the answer carries `citations` and `annotations` of the places that cite them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from flows.labels import label
from flows.serving.answering import Answering, answering
from flows.serving.asks import EVENTS, UNBUFFERED
from flows.serving.callers import Asks, Caller, Served
from flows.serving.openai_errors import NoModelError, OpenAiRoute, error_of
from flows.serving.openai_prompt import asked, question_of, sent, turns_of, wish_of, with_earlier
from flows.serving.problems import problem_of
from flows.serving.serving import Serving
from flows.serving.writing import begun
from flows.stages.asking import Answer, Wish
from infra.store import releases
from schemas.context import Message
from schemas.openai import ChatBody
from transforms.prompt import NOTHING

router = APIRouter(prefix="/v1", tags=["openai"], route_class=OpenAiRoute)


@router.get("/models")
async def get_models(serving: Served, _caller: Asks) -> dict[str, Any]:
    """The context views, each as a model."""
    made_at = await _made_at(serving)
    return {"object": "list", "data": [_model(name, serving, made_at) for name in _views(serving)]}


@router.get("/models/{model}")
async def get_model(model: str, serving: Served, _caller: Asks) -> dict[str, Any]:
    """One context view as a model."""
    check_view(serving, model)
    return _model(model, serving, await _made_at(serving))


@router.post("/chat/completions")
async def post_chat(body: ChatBody, caller: Asks, serving: Served) -> Response:
    """An answer to the last message of a conversation, from passages the asker may read."""
    check_view(serving, body.model)
    turns, wish = turns_of(body.messages), wish_of(body)
    found = await _found(serving, body, caller, turns, wish)
    found.within(turns[:-1], sent(turns, found.answer.context.messages))
    if body.stream:
        pieces = await begun(found.pieces())
        return StreamingResponse(_events(body, found, pieces), media_type=EVENTS, headers=UNBUFFERED)
    answer = await found.whole()
    message = {"role": "assistant", "content": _content(answer), "annotations": url_citations(answer)}
    choice = {"index": 0, "message": message, "finish_reason": _ended(answer), "logprobs": None}
    told = _said(body, answer, "chat.completion", [choice], usage=_usage(answer), citations=_cited(answer))
    return Response(json.dumps(told, ensure_ascii=False), media_type="application/json")


async def _found(
    serving: Serving, body: ChatBody, caller: Caller, turns: tuple[Message, ...], wish: Wish
) -> Answering:
    """Ask the last message alone; where nothing answers it, with the user's one before it."""
    more = {"view": body.model, "budget_tokens": body.budget_tokens, "filters": body.filters}
    request = asked(body, caller, question=question_of(turns), **more)
    found = await answering(serving, request, interface="chat", wish=wish)
    longer = with_earlier(turns)
    if found.answer.context.answerable or longer is None or len(longer) > serving.section.max_question_chars:
        return found
    request = asked(body, caller, question=longer, **more)
    return await answering(serving, request, interface="chat", wish=wish)


async def _events(body: ChatBody, found: Answering, pieces: AsyncGenerator[str]) -> AsyncIterator[str]:
    answer, kind = found.answer, "chat.completion.chunk"

    def event(delta: dict[str, Any], ended: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": ended, "logprobs": None}
        return _data(_said(body, answer, kind, [choice], **more))

    yield event({"role": "assistant", "content": ""}, citations=_cited(answer))
    try:
        async for piece in pieces:
            yield event({"content": piece})
    except Exception as error:  # noqa: BLE001 - the status is sent: whatever it is, it is told as an event
        yield _data(error_of(problem_of(error)))
        return
    if not answer.context.answerable:
        yield event({"content": NOTHING})
    yield event({"annotations": url_citations(answer)}, _ended(answer))
    if "stream_options" in answer.wish.options:
        yield _data(_said(body, answer, kind, [], usage=_usage(answer)))
    yield "data: [DONE]\n\n"


def url_citations(answer: Answer) -> list[dict[str, Any]]:
    """Return where an answer cites, as OpenAI's `url_citation`s."""
    sources = {one.n: one for one in answer.context.citations}
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": mark.start,
                "end_index": mark.end,
                "title": label(source.title, source.heading, source.uri),
                "url": source.uri,
            },
        }
        for mark in answer.marks
        if (source := sources.get(mark.n)) is not None
    ]


def check_view(serving: Serving, name: str) -> None:
    """Raise NoModelError for what is no context view."""
    views = _views(serving)
    if name not in views:
        raise NoModelError(f"there is no model {name!r}", fix=f"there are: {', '.join(views)}")


def _views(serving: Serving) -> list[str]:
    return sorted(serving.workspace.opened.project.context_views)


async def _made_at(serving: Serving) -> int:
    newest = await serving.run(lambda: releases.current(serving.workspace.store))
    return int(newest.created_at.timestamp()) if newest else 0


def _model(name: str, serving: Serving, made_at: int) -> dict[str, Any]:
    owner = serving.workspace.opened.project.project
    return {"id": name, "object": "model", "created": made_at, "owned_by": owner}


def _content(answer: Answer) -> str:
    return answer.text if answer.context.answerable else NOTHING


def _ended(answer: Answer) -> str:
    return answer.completion.finish_reason if answer.completion else "stop"


def _cited(answer: Answer) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in answer.context.citations]


def _usage(answer: Answer) -> dict[str, int]:
    read = answer.completion.prompt_tokens if answer.completion else 0
    written = answer.completion.completion_tokens if answer.completion else 0
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _said(
    body: ChatBody, answer: Answer, kind: str, choices: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    context = answer.context
    return {
        "id": f"chatcmpl-{context.context_id}",
        "object": kind,
        "created": answer.created,
        "model": body.model,
        "choices": choices,
        "context_id": context.context_id,
        "release": context.release,
        **more,
    }


def _data(said: dict[str, Any]) -> str:
    return f"data: {json.dumps(said, ensure_ascii=False)}\n\n"
