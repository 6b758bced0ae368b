"""Formats: how an example is written, with the columns a trainer takes and no other.

Shapes as TRL, axolotl, LLaMA-Factory and sentence-transformers read them; an extra column would be input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.dataset import Example
from schemas.errors import ConfigError

Row = dict[str, Any]


def messages(example: Example) -> Row:
    """Return a conversation: OpenAI, TRL, axolotl."""
    return {"messages": [message.model_dump() for message in example.messages]}


def prompt_completion(example: Example) -> Row:
    """Return the conversation before its last message, and the last message: TRL."""
    said = [message.model_dump() for message in example.messages]
    return {"prompt": said[:-1], "completion": said[-1:]}


def alpaca(example: Example) -> Row:
    """Return one turn as instruction and output: Alpaca, LLaMA-Factory."""
    system = next((message.content for message in example.messages if message.role == "system"), "")
    asked = next(message.content for message in example.messages if message.role == "user")
    return {"instruction": asked, "input": "", "output": example.messages[-1].content, "system": system}


def columns(example: Example) -> Row:
    """Return the columns that the type itself names: sentence-transformers takes each one as a text."""
    return dict(example.columns or {})


FORMATS: dict[str, Callable[[Example], Row]] = {
    "messages": messages,
    "prompt_completion": prompt_completion,
    "alpaca": alpaca,
    "columns": columns,
}


def writer(name: str, allowed: tuple[str, ...]) -> Callable[[Example], Row]:
    """Return the format of a name. Raises ConfigError unless the dataset's type allows it."""
    if name not in allowed or name not in FORMATS:
        raise ConfigError(f"format {name!r} does not fit this type", fix=f"use one of: {', '.join(allowed)}")
    return FORMATS[name]
