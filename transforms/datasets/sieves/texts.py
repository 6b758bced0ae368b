"""The texts of an example: all that is in its row, and the part that tells it from others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from schemas.context import Message
from schemas.dataset import Example


def texts_of(example: Example) -> Iterator[str]:
    """Yield every text that is in the row of an example."""
    for message in (*example.messages, *example.rejected):
        yield message.content
    yield from (example.question, *example.answers)
    yield from (value for value in (example.columns or {}).values() if isinstance(value, str))


def gist(example: Example) -> str:
    """Return what is asked and what is learned, without the passages that are only shown.

    Of a preference also what is worse, of a judgment the verdict. Of columns what is asked alone: a passage
    may well be the positive of several anchors.
    """
    said = [message.content for message in (*example.messages[-1:], *example.rejected[-1:])]
    parts = dict.fromkeys([example.question, *said])
    whole = [one for one in parts if not any(one != other and one in other for other in parts)]
    return "\n".join([*whole, *([] if example.label is None else [str(example.label)])])


def rewritten(example: Example, write: Callable[[str], str]) -> Example:
    """Return an example with each of its texts written anew, one that stands in several places once."""
    once = cache(write)

    def said(messages: tuple[Message, ...]) -> tuple[Message, ...]:
        return tuple(one.model_copy(update={"content": once(one.content)}) for one in messages)

    columns: dict[str, Any] | None = None
    if example.columns is not None:
        columns = {name: once(v) if isinstance(v, str) else v for name, v in example.columns.items()}
    return replace(
        example,
        question=once(example.question),
        messages=said(example.messages),
        rejected=said(example.rejected),
        answers=tuple(map(once, example.answers)),
        columns=columns,
    )
