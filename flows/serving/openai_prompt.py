"""A conversation as a question with its context: what earlier turns, system messages and parameters mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from flows.serving.callers import Caller
from flows.serving.openai_errors import UnsupportedError
from flows.stages.asking import Wish
from schemas.context import ContextRequest, Message
from schemas.errors import ConfigError
from schemas.openai import FORWARDED, HARMLESS, WITHOUT_EFFECT, ChatBody, ChatMessage, Where
from schemas.settings import advice


def wish_of(body: ChatBody) -> Wish:
    """Return what is asked of the model's writing. Raises UnsupportedError for what cannot be kept to."""
    options: dict[str, Any] = {}
    for name, value in body.others.items():
        if name in FORWARDED:
            options[name] = value
        elif name in HARMLESS and value not in HARMLESS[name]:
            raise UnsupportedError(f"{name} is {value!r}, which is not supported here", fix="leave it out")
        elif name not in HARMLESS and name not in WITHOUT_EFFECT:
            known = [*ChatBody.model_fields, *FORWARDED]
            raise UnsupportedError(f"there is no parameter {name!r}", fix=advice(name, known))
    if body.stream and body.stream_options and body.stream_options.include_usage:
        options["stream_options"] = {"include_usage": True}
    return Wish(
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature or 0.0,
        options=options,
    )


def turns_of(messages: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """Return a conversation as plain messages. Raises UnsupportedError for what is no text."""
    return tuple(Message(role=_role(one), content=_text(one)) for one in messages)


def question_of(turns: Sequence[Message]) -> str:
    """Return what is asked: the last message, which must be the user's."""
    if turns[-1].role != "user" or not turns[-1].content.strip():
        raise ConfigError("the last message is not a user's question", fix="end with a message of role user")
    return turns[-1].content


def with_earlier(turns: Sequence[Message]) -> str | None:
    """Return the question with the user's one before it, for one that cannot be understood without."""
    asked = [turn.content for turn in turns if turn.role == "user"]
    return "\n".join(asked[-2:]) if len(asked) > 1 else None


def sent(turns: Sequence[Message], prompt: Sequence[Message]) -> tuple[Message, ...]:
    """Return what the model is sent: one system message, earlier turns, and the prompt in place of the last.

    The caller's own system messages stand before ours, which says that passages are no instructions.
    """
    systems = [one.content for one in (*turns, *prompt) if one.role == "system"]
    earlier = [one for one in turns[:-1] if one.role != "system"]
    system = Message(role="system", content="\n\n".join(systems))
    return (system, *earlier, *(one for one in prompt if one.role != "system"))


def asked(where: Where, caller: Caller, *, question: str, **more: Any) -> ContextRequest:
    """Return the request for a context. Raises ConfigError for a question that is too long or blank."""
    as_of: datetime | None = where.as_of
    if as_of is not None and as_of.tzinfo is None:
        as_of = as_of.replace(tzinfo=UTC)
    try:
        return ContextRequest(
            question=question,
            principal=caller.acting(where.principal, where.groups).principal,
            release=where.release,
            as_of=as_of,
            entities=where.entities,
            **more,
        )
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{place}: {first['msg'].removeprefix('Value error, ')}", fix="mend it") from None


def _role(message: ChatMessage) -> Any:
    if message.role in ("tool", "function"):
        raise UnsupportedError("tools are not supported here", fix="leave messages of tools out")
    return "system" if message.role == "developer" else message.role


def _text(message: ChatMessage) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    strange = [part.type for part in message.content if part.type != "text"]
    if strange:
        raise UnsupportedError(f"content of type {strange[0]!r} is not supported here", fix="send text")
    return "\n".join(part.text or "" for part in message.content)
