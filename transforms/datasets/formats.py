"""Formats: how an example is written, with the columns a trainer takes and no other.

Shapes as TRL, axolotl, LLaMA-Factory and sentence-transformers read them; an extra column would be input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.context import Message
from schemas.dataset import Example
from schemas.errors import ConfigError

Row = dict[str, Any]
SHAREGPT = {"user": "human", "assistant": "gpt"}


def messages(example: Example) -> Row:
    """Return a conversation: OpenAI, TRL, axolotl."""
    return {"messages": [message.model_dump() for message in example.messages]}


def prompt_completion(example: Example) -> Row:
    """Return the conversation before its last message, and the last message: TRL."""
    said = _dumped(example)
    return {"prompt": said[:-1], "completion": said[-1:]}


def alpaca(example: Example) -> Row:
    """Return one turn as instruction and output: Alpaca, LLaMA-Factory. Earlier turns are told in it."""
    system, turns = _system(example), _turns(example)[:-1]
    asked = turns[-1].content if len(turns) == 1 else _transcript(turns)
    return {"instruction": asked, "input": "", "output": example.messages[-1].content, "system": system}


def sharegpt(example: Example) -> Row:
    """Return a conversation as human and gpt take turns: LLaMA-Factory, axolotl. The system stands apart."""
    said = [{"from": SHAREGPT[turn.role], "value": turn.content} for turn in _turns(example)]
    return {"conversations": said, "system": _system(example)}


def trl(example: Example) -> Row:
    """Return a preference with its prompt apart: TRL's DPOTrainer."""
    said = _dumped(example)
    return {"prompt": said[:-1], "chosen": said[-1:], "rejected": _worse(example)}


def openai(example: Example) -> Row:
    """Return a preference as OpenAI, Together and Fireworks take it."""
    said = _dumped(example)
    asked = {"messages": said[:-1], "tools": [], "parallel_tool_calls": True}
    return {"input": asked, "preferred_output": said[-1:], "non_preferred_output": _worse(example)}


def reward(example: Example) -> Row:
    """Return a preference as two whole conversations, the prompt in both: TRL's RewardTrainer."""
    said = _dumped(example)
    return {"chosen": said, "rejected": [*said[:-1], *_worse(example)]}


def ranking(example: Example) -> Row:
    """Return a preference as human and gpt take turns: LLaMA-Factory with `ranking: true`."""
    said = sharegpt(example)
    *before, chosen = said["conversations"]
    rejected = {"from": SHAREGPT["assistant"], "value": example.rejected[-1].content}
    return {"conversations": before, "chosen": chosen, "rejected": rejected, "system": said["system"]}


def kto(example: Example) -> Row:
    """Return an answer with whether it is desirable: TRL's KTOTrainer."""
    return {**prompt_completion(example), "label": bool(example.label)}


def kto_tag(example: Example) -> Row:
    """Return an answer with whether it is desirable: LLaMA-Factory."""
    return {**sharegpt(example), "kto_tag": bool(example.label)}


def answers(example: Example) -> Row:
    """Return the bare question with every accepted answer, to score a model with."""
    return {"question": example.question, "answers": list(example.answers)}


def labeled(example: Example) -> Row:
    """Return a judged answer as a row of plain values, with the facts that join it."""
    return {**(example.columns or {}), "label": bool(example.label)}


def text(example: Example) -> Row:
    """Return running text: the type's own, or a conversation as a script of who says what."""
    return {"text": (example.columns or {}).get("text") or _transcript(list(example.messages))}


def columns(example: Example) -> Row:
    """Return the columns that the type itself names: sentence-transformers takes each one as a text."""
    return dict(example.columns or {})


def beir(example: Example) -> Row:
    """Return a query of a BEIR-shaped folder."""
    return {"_id": example.row_id, "text": example.question}


FORMATS: dict[str, Callable[[Example], Row]] = {
    "messages": messages,
    "prompt_completion": prompt_completion,
    "alpaca": alpaca,
    "sharegpt": sharegpt,
    "trl": trl,
    "openai": openai,
    "reward": reward,
    "ranking": ranking,
    "kto": kto,
    "kto_tag": kto_tag,
    "labeled": labeled,
    "answers": answers,
    "text": text,
    "columns": columns,
    "beir": beir,
}


def writer(name: str, allowed: tuple[str, ...]) -> Callable[[Example], Row]:
    """Return the format of a name. Raises ConfigError unless the dataset's type allows it."""
    if name not in allowed or name not in FORMATS:
        raise ConfigError(f"format {name!r} does not fit this type", fix=f"use one of: {', '.join(allowed)}")
    return FORMATS[name]


def _dumped(example: Example) -> list[Row]:
    return [message.model_dump() for message in example.messages]


def _worse(example: Example) -> list[Row]:
    return [message.model_dump() for message in example.rejected]


def _system(example: Example) -> str:
    return next((message.content for message in example.messages if message.role == "system"), "")


def _turns(example: Example) -> list[Message]:
    return [message for message in example.messages if message.role != "system"]


def _transcript(turns: list[Message]) -> str:
    return "\n\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in turns)
