"""qa: questions that documents answer, each answer literally in the chunk it cites, in the served prompt."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from schemas.context import Context, Message
from schemas.dataset import Example, Refusal, Refused, Use
from transforms.datasets import written
from transforms.datasets.candidates import Candidate, chunks_of, cited, evidence, first_rows, offers
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Qa

CLOSED_BOOK = "Answer the question exactly and briefly. If you do not know the answer, say so plainly."


def build(inputs: Inputs, params: Qa) -> Iterator[Example | Refused]:
    """Yield a row for each question whose own chunk retrieval brings, and why there are no others."""
    if params.by == "model":
        yield from written.build(inputs, params)
        return
    for offer in offers(inputs, params.max_per_document):
        yield from offer.refused
        make = partial(_row, inputs, params=params)
        yield from first_rows(offer.document_id, offer.candidates, make, params.max_per_document)


def _row(inputs: Inputs, candidate: Candidate, params: Qa) -> Example | Refused:
    document = candidate.chunk["document_id"]
    found = inputs.ask(candidate.question.text)
    number = next((c.n for c in found.citations if candidate.chunk["chunk_id"] in chunks_of(c)), None)
    if number is None:
        return Refused(reason=Refusal.NOT_RETRIEVED, document_id=document)
    others = _shown(inputs, found, candidate) if params.grounded else []
    if not all(inputs.readable(use.document_id, use.acl) for use in others):
        return Refused(reason=Refusal.AUDIENCE, document_id=document)
    return Example(
        row_id=candidate.row_id,
        kind=candidate.question.kind,
        question=candidate.question.text,
        document_id=document,
        uses=(evidence(candidate), *others),
        messages=_grounded(candidate, found, number) if params.grounded else _closed_book(candidate),
        answers=(candidate.question.answer,),
    )


def _shown(inputs: Inputs, found: Context, candidate: Candidate) -> list[Use]:
    """Return the uses of every chunk in the prompt but the one that answers."""
    chunks = (chunk_id for citation in found.citations for chunk_id in chunks_of(citation))
    return [cited(inputs, chunk_id) for chunk_id in chunks if chunk_id != candidate.chunk["chunk_id"]]


def _grounded(candidate: Candidate, found: Context, number: int) -> tuple[Message, ...]:
    answer = candidate.question.answer
    joint = "\n\n" if "\n" in answer else " "
    return (*found.messages, Message(role="assistant", content=f"{answer}{joint}[{number}]"))


def _closed_book(candidate: Candidate) -> tuple[Message, ...]:
    return (
        Message(role="system", content=CLOSED_BOOK),
        Message(role="user", content=candidate.question.text),
        Message(role="assistant", content=candidate.question.answer),
    )
