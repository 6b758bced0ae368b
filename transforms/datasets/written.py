"""written: questions or instructions that a language model wrote, each with its evidence in the document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from schemas.context import QUESTION_CHARS, Context, Message
from schemas.dataset import Example, Refusal, Refused, Use
from schemas.identity import digest
from schemas.tools import LanguageModel
from transforms.datasets.candidates import chunks_of, cited
from transforms.datasets.covering import use_of
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Qa
from transforms.datasets.recipes import prompt

COLUMNS = ("document_id", "acl", "status")
EVIDENCE_WORDS = 3
"""Fewer words are in any text."""
CLOSED_BOOK = "Answer exactly and briefly. If you do not know the answer, say so plainly."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What the model wrote of one chunk: one question with its answers."""

    question: str
    answers: tuple[str, ...]
    start: int
    """Character offset of the evidence in the document's text."""
    evidence: str


def build(inputs: Inputs, params: Qa) -> Iterator[Example | Refused]:
    """Yield a row for each question whose evidence is in its chunk, and why there are no others."""
    for document in inputs.rows(COLUMNS):
        reason = inputs.barred(document)
        if reason:
            yield Refused(reason=reason, document_id=document["document_id"])
        else:
            yield from _rows(inputs, document["document_id"], params)


def prompts(inputs: Inputs, params: Qa) -> Iterator[tuple[str, tuple[Message, ...]]]:
    """Yield every prompt that `build` will ask, with the document it is about."""
    for document in inputs.rows(COLUMNS):
        if inputs.barred(document) is None:
            for chunk in _chosen(inputs, document["document_id"], params):
                yield document["document_id"], prompt(params.recipe, chunk, params.per_chunk)


def pairs_of(model: LanguageModel, chunk: dict[str, Any], params: Qa) -> list[Pair | Refusal]:
    """Return what a model writes of a chunk, and why some of it cannot be used."""
    asked = prompt(params.recipe, chunk, params.per_chunk)
    said = model.complete(asked, max_tokens=params.max_tokens).text
    found = _read(said)
    if isinstance(found, Refusal):
        return [found]
    return [_pair(one, chunk) for one in found[: params.per_chunk]] or [Refusal.NO_QUESTION]


def _rows(inputs: Inputs, document: str, params: Qa) -> Iterator[Example | Refused]:
    made = 0
    for chunk in _chosen(inputs, document, params):
        for pair in pairs_of(inputs.model(document), chunk, params):
            row = pair if isinstance(pair, Refusal) else _row(inputs, pair, chunk, params)
            if isinstance(row, Example) and made == params.max_per_document:
                row = Refusal.OVER_LIMIT
            made += isinstance(row, Example)
            yield Refused(reason=row, document_id=document) if isinstance(row, Refusal) else row


def _chosen(inputs: Inputs, document: str, params: Qa) -> list[dict[str, Any]]:
    """Return as many chunks as the rows of a document need, spread over it: the others are not paid for."""
    chunks = inputs.chunks.of(document)
    wanted = min(len(chunks), ceil(params.max_per_document / params.per_chunk))
    return [chunks[n * len(chunks) // wanted] for n in range(wanted)]


def _read(said: str) -> list[Any] | Refusal:
    """Return the array in an answer, whatever stands around it."""
    start, end = said.find("["), said.rfind("]")
    if start < 0 and "{" not in said:
        return Refusal.DECLINED
    try:
        found = json.loads(said[start : end + 1])
    except ValueError:
        return Refusal.MALFORMED
    return found if isinstance(found, list) else Refusal.MALFORMED


def _pair(one: Any, chunk: dict[str, Any]) -> Pair | Refusal:
    told = one if isinstance(one, dict) else {}
    question, answer, evidence = (_text(told.get(key)) for key in ("question", "answer", "evidence"))
    others = told.get("other_answers")
    if not question or not answer or not evidence or len(question) > QUESTION_CHARS:
        return Refusal.MALFORMED
    at = chunk["quote"].find(evidence)
    if at < 0 or len(evidence.split()) < EVIDENCE_WORDS:
        return Refusal.NOT_GROUNDED
    also = [text for text in map(_text, others if isinstance(others, list) else []) if text]
    answers = tuple(dict.fromkeys((answer, *also)))
    return Pair(question=question, answers=answers, start=chunk["start"] + at, evidence=evidence)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _row(inputs: Inputs, pair: Pair, chunk: dict[str, Any], params: Qa) -> Example | Refusal:
    found = inputs.ask(pair.question)
    number = next((c.n for c in found.citations if chunk["chunk_id"] in chunks_of(c)), None)
    if number is None:
        return Refusal.NOT_RETRIEVED
    others = _others(inputs, found, chunk) if params.grounded else []
    evidence = use_of("evidence", chunk, pair.start, pair.start + len(pair.evidence), pair.evidence)
    return Example(
        row_id=digest("written", pair.question, pair.answers[0], chunk["chunk_id"]),
        kind=params.recipe,
        question=pair.question,
        document_id=chunk["document_id"],
        uses=(evidence, *others),
        messages=_messages(found, number, pair, grounded=params.grounded),
        answers=pair.answers,
    )


def _others(inputs: Inputs, found: Context, chunk: dict[str, Any]) -> Sequence[Use]:
    shown = (chunk_id for citation in found.citations for chunk_id in chunks_of(citation))
    return [cited(inputs, chunk_id) for chunk_id in shown if chunk_id != chunk["chunk_id"]]


def _messages(found: Context, number: int, pair: Pair, *, grounded: bool) -> tuple[Message, ...]:
    answer = pair.answers[0]
    if not grounded:
        asked = (Message(role="system", content=CLOSED_BOOK), Message(role="user", content=pair.question))
        return (*asked, Message(role="assistant", content=answer))
    joint = "\n\n" if "\n" in answer else " "
    return (*found.messages, Message(role="assistant", content=f"{answer}{joint}[{number}]"))
