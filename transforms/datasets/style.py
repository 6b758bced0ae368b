"""style: one author's replies, each with what came before it in the thread as the prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from schemas.context import Message
from schemas.dataset import Example, Refusal, Refused, Use
from schemas.identity import digest
from transforms.datasets.covering import uses_of
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Style
from transforms.datasets.quotes import own_words

COLUMNS = ("document_id", "text", "messages", "acl", "status")
TWO = 2
"""In a conversation of two nobody has to say who speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of a thread, in its author's own words."""

    n: int
    author: str
    text: str
    tokens: int
    uses: tuple[Use, ...]
    """Its place in the lineage; none if a part of it is kept from readers."""
    id: str | None
    reply_to: str | None


def build(inputs: Inputs, params: Style) -> Iterator[Example | Refused]:
    """Yield a row for each of the author's replies, and why there are no others."""
    for document in inputs.rows(COLUMNS):
        reason = inputs.barred(document)
        rows = [Refused(reason=reason, document_id=document["document_id"])] if reason else []
        yield from rows or _rows(inputs, document, params)


def _rows(inputs: Inputs, document: dict[str, Any], params: Style) -> Iterator[Example | Refused]:
    said = _said(inputs, document, params)
    turns = [tuple(turn) for _, turn in groupby(said, key=lambda one: one.author)]
    replies = [turn for n, turn in enumerate(turns) if n and turn[0].author == params.author]
    if not replies:
        yield Refused(reason=Refusal.NO_REPLY, document_id=document["document_id"])
    for reply in replies:
        made = _row(document["document_id"], said, reply, params)
        yield Refused(reason=made, document_id=document["document_id"]) if isinstance(made, Refusal) else made


def _said(inputs: Inputs, document: dict[str, Any], params: Style) -> list[Said]:
    """Return a thread's messages that say something of their own, in order; none without the author's."""
    found = document["messages"] or []
    if not any(one["author"] == params.author for one in found):
        return []
    words = [own_words(document["text"][one["start"] : one["end"]]) for one in found]
    counts = inputs.tokenizer.count(words) if words else []
    return [
        Said(
            n=n,
            author=one["author"] or "",
            text=text,
            tokens=tokens,
            uses=uses_of(inputs, "shown", document, one["start"], one["end"]),
            id=one["id"],
            reply_to=one["reply_to"],
        )
        for n, (one, text, tokens) in enumerate(zip(found, words, counts, strict=True))
        if text
    ]


def _row(document: str, said: Sequence[Said], reply: tuple[Said, ...], params: Style) -> Example | Refusal:
    told = "\n".join(one.text for one in reply)
    if len(told.split()) < params.min_words:
        return Refusal.TOO_SHORT
    if not all(one.uses for one in reply):
        return Refusal.NOT_RELEASED
    earlier = [one for one in said if one.n < reply[0].n and one.uses]
    before = context_of(earlier, reply, params)
    if not before:
        room = params.max_tokens - _fixed(reply, params)
        return Refusal.TOO_LONG if earlier and earlier[-1].tokens > room else Refusal.NO_CONTEXT
    evidence = (replace(use, role="evidence") for one in reply for use in one.uses)
    names = len({one.author for one in said}) > TWO
    messages = (*_system(params), *_turns(before, params.author, names=names))
    return Example(
        row_id=digest("row", document, *(m.content for m in messages), told),
        kind="reply",
        question=f"{messages[-1].content}\n{told}",
        document_id=document,
        author=params.author,
        uses=(*evidence, *(use for one in before for use in one.uses)),
        messages=(*messages, Message(role="assistant", content=told)),
    )


def context_of(earlier: Sequence[Said], reply: Sequence[Said], params: Style) -> list[Said]:
    """Return the messages to show before a reply, in order; none when the nearest is too long to show.

    First those that the reply answers, from answer to answer, then the nearest ones. The first message shown
    is somebody else's, and so is the last.
    """
    room = params.max_tokens - _fixed(reply, params)
    taken: dict[int, Said] = {}
    for one in dict.fromkeys((*_answered(reply, earlier), *reversed(earlier))):
        room -= one.tokens
        if room < 0 or len(taken) == params.max_messages:
            break
        taken[one.n] = one
    shown = [taken[n] for n in sorted(taken)]
    others = [at for at, one in enumerate(shown) if one.author != params.author]
    return shown[others[0] : others[-1] + 1] if others else []


def _answered(reply: Sequence[Said], earlier: Sequence[Said]) -> Iterator[Said]:
    """Yield the messages that some messages answer, then those that these answer, and so on."""
    left = {one.id: one for one in earlier if one.id}
    level = list(reply)
    while level:
        level = [found for one in level if (found := left.pop(one.reply_to or "", None))]
        yield from level


def _fixed(reply: Sequence[Said], params: Style) -> int:
    """Tokens of the reply, and of the system prompt by its words: the tokenizer is asked about messages."""
    return sum(one.tokens for one in reply) + 2 * len(params.system.split())


def _system(params: Style) -> list[Message]:
    content = params.system.replace("{author}", params.author)
    return [Message(role="system", content=content)] if content else []


def _turns(before: Sequence[Said], author: str, *, names: bool) -> list[Message]:
    """Return messages as turns of user and assistant: others are one user, named where they are several."""
    turns = []
    for mine, run in groupby(before, key=lambda one: one.author == author):
        lines = [
            one.text if mine or not names or not one.author else f"{one.author}: {one.text}" for one in run
        ]
        turns.append(Message(role="assistant" if mine else "user", content="\n".join(lines)))
    return turns
