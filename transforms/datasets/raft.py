"""raft: questions in the served context, among its own distractors; some contexts do not have the answer.

After Zhang et al., "RAFT: Adapting Language Model to Domain Specific RAG" (2024), with what the live
retriever brings instead of random passages, and with abstention instead of an answer from memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from schemas.context import Context, Message
from schemas.dataset import Example, Refusal, Refused, Use
from schemas.identity import ID_DIGITS, digest
from transforms.datasets.candidates import Candidate, chunks_of, evidence, first_rows, offers, whole
from transforms.datasets.inputs import Inputs, admits
from transforms.datasets.params import Raft
from transforms.prompt import NOTHING

SAME = 0.9
"""Cosine similarity from which a passage says what the one with the answer does."""
ROUNDS = 3
"""How often more documents are taken away that hold the answer too."""
LITERAL_WORDS = 4
"""An answer of so many words that stands in another passage as well is cited from there too."""


def build(inputs: Inputs, params: Raft) -> Iterator[Example | Refused]:
    """Yield a row for each question, with its answer or with the reason why there is none to be seen."""
    for offer in offers(inputs, params.max_per_document):
        yield from offer.refused
        make = partial(_made, inputs, params=params)
        yield from first_rows(offer.document_id, offer.candidates, make, params.max_per_document)


def _made(inputs: Inputs, candidate: Candidate, params: Raft) -> Example | Refused:
    answered = place_of(candidate) < params.oracle_share
    row = _answered(inputs, candidate, params) if answered else _abstained(inputs, candidate, params)
    document = candidate.chunk["document_id"]
    return Refused(reason=row, document_id=document) if isinstance(row, Refusal) else row


def place_of(candidate: Candidate) -> float:
    """Return a question's place between 0 and 1, by hash: the same in every release."""
    return int(digest("oracle", candidate.row_id), 16) / float(16**ID_DIGITS)


def _answered(inputs: Inputs, candidate: Candidate, params: Raft) -> Example | Refusal:
    chunk, answer = candidate.chunk["chunk_id"], candidate.question.answer
    found = inputs.ask(candidate.question.text, top_k=_top_k(params))
    numbers = [c.n for c in found.citations if chunk in chunks_of(c)]
    if not numbers:
        return Refusal.NOT_RETRIEVED
    if len(answer.split()) >= LITERAL_WORDS:
        numbers += [c.n for c in found.citations if c.n not in numbers and answer in c.quote]
    marks = "".join(f"[{n}]" for n in sorted(numbers))
    said = f"{answer}\n\n{marks}" if "\n" in answer else f"{answer} {marks}"
    shown = [use for use in _shown(inputs, found) if use.chunk_id != chunk]
    return _row(candidate, "oracle", found, said, (evidence(candidate), *shown))


def _abstained(inputs: Inputs, candidate: Candidate, params: Raft) -> Example | Refusal:
    """Return a row under the first cause that applies, or why none does."""
    why = Refusal.STILL_ANSWERED
    for cause in params.causes:
        of = inputs.earlier if cause == "before_its_time" else inputs
        found = _without(inputs, candidate, cause, params)
        if of is None or found is None:
            continue
        if any(_holds(citation.quote, candidate.question.answer) for citation in found.citations):
            why = Refusal.STILL_ANSWERED
        elif not found.answerable or not found.citations:
            why = Refusal.NO_CONTEXT
        else:
            shown = [replace(use, release=of.release) for use in _shown(of, found)]
            asked = replace(evidence(candidate), role="asked")
            return _row(candidate, cause, found, NOTHING, (asked, *shown))
    return why


def _without(inputs: Inputs, candidate: Candidate, cause: str, params: Raft) -> Context | None:
    """Return what is served where a cause keeps the answer away; None where the cause does not apply."""
    question, chunk, top_k = candidate.question.text, candidate.chunk, _top_k(params)
    if cause == "before_its_time":
        earlier = inputs.earlier
        return earlier.ask(question, top_k=top_k) if earlier and _is_new(earlier, chunk) else None
    if cause == "not_permitted":
        return (
            None if admits(chunk["acl"], ("everyone",)) else inputs.ask(question, top_k=top_k, outside=True)
        )
    hidden = {chunk["document_id"], *_same(inputs, candidate)}
    found = inputs.ask(question, top_k=top_k, hidden=hidden)
    for _ in range(ROUNDS):
        more = {c.document_id for c in found.citations if _holds(c.quote, candidate.question.answer)}
        if not more:
            break
        hidden |= more
        found = inputs.ask(question, top_k=top_k, hidden=hidden)
    return found


def _is_new(earlier: Inputs, chunk: dict[str, Any]) -> bool:
    """Tell whether an earlier release has nothing in the chunk's place: what it has there may answer."""
    return all(one["headings"] != chunk["headings"] for one in earlier.chunks.of(chunk["document_id"]))


def _same(inputs: Inputs, candidate: Candidate) -> set[str]:
    """Return the documents of passages that say nearly what the one with the answer does."""
    chunk = candidate.chunk["chunk_id"]
    near = (hit for hit in inputs.search(candidate.question.text) if hit.chunk_id in inputs.chunks)
    return {hit.row["document_id"] for hit in near if inputs.chunks.similarity(chunk, hit.chunk_id) >= SAME}


def _row(candidate: Candidate, kind: str, found: Context, said: str, uses: tuple[Use, ...]) -> Example:
    return Example(
        row_id=digest("raft", candidate.row_id, kind),
        kind=kind,
        question=candidate.question.text,
        document_id=candidate.chunk["document_id"],
        uses=uses,
        messages=(*found.messages, Message(role="assistant", content=said)),
    )


def _shown(inputs: Inputs, found: Context) -> list[Use]:
    chunks = (chunk_id for citation in found.citations for chunk_id in chunks_of(citation))
    return [whole("shown", inputs.chunks.row(chunk_id)) for chunk_id in chunks]


def _top_k(params: Raft) -> int | None:
    return None if params.distractors is None else params.distractors + 1


def _holds(quote: str, answer: str) -> bool:
    return " ".join(answer.lower().split()) in " ".join(quote.lower().split())
