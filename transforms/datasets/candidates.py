"""Candidates: questions that documents answer, each with its chunk, for everybody in the audience."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas.context import Citation
from schemas.dataset import Example, Refusal, Refused, Use
from schemas.identity import digest
from transforms.datasets.covering import use_of
from transforms.datasets.duplicates import question_key
from transforms.datasets.inputs import Inputs
from transforms.datasets.questions import Lexicon, Question, lexicon, questions

T = TypeVar("T")

LANGUAGES = ("en",)
"""What the makers of questions write."""

PER_SECTION = 3
"""Questions under one heading at most, so that one list or table is not the whole document."""

DOCUMENT_COLUMNS = ("document_id", "source", "uri", "title", "text", "elements", "language", "acl", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question with the chunk that holds its answer."""

    question: Question
    chunk: dict[str, Any]

    @property
    def row_id(self) -> str:
        """The same in every release in which question, answer and chunk are the same."""
        return digest("row", self.question.text, self.question.answer, self.chunk["chunk_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A document's candidates, the most useful first, and what cannot be one."""

    document_id: str
    candidates: tuple[Candidate, ...]
    refused: tuple[Refused, ...]


def offers(inputs: Inputs, limit: int) -> Iterator[Offer]:
    """Yield each document's offer, in the order of the documents; `limit` is how many rows one is to give."""
    words = lexicon(
        (row["title"], row["text"])
        for row in inputs.rows(DOCUMENT_COLUMNS)
        if inputs.readable(row["document_id"], row["acl"])
    )
    found = {
        row["document_id"]: questions(row, words)
        for row in inputs.rows(DOCUMENT_COLUMNS)
        if _reason(inputs, row) is None
    }
    several = _with_several_answers([question for made in found.values() for question in made])
    for row in inputs.rows(DOCUMENT_COLUMNS):
        document = row["document_id"]
        if reason := _reason(inputs, row):
            refused = _whole(reason, document, row, words, limit)
            yield Offer(document_id=document, candidates=(), refused=refused)
        else:
            yield _offer(inputs, document, found[document], several)


def first_rows(
    document_id: str, asked: Iterable[T], make: Callable[[T], Example | Refused], limit: int
) -> Iterator[Example | Refused]:
    """Yield what is made of each until so many are rows; what is left is over the limit, and not made."""
    made = 0
    for one in asked:
        if made == limit:
            yield Refused(reason=Refusal.OVER_LIMIT, document_id=document_id)
            continue
        row = make(one)
        made += isinstance(row, Example)
        yield row


def evidence(candidate: Candidate) -> Use:
    """Return the use of the answer's own span."""
    question, chunk = candidate.question, candidate.chunk
    return use_of("evidence", chunk, question.start, question.end, question.answer)


def whole(role: str, chunk: dict[str, Any]) -> Use:
    """Return the use of a whole chunk."""
    return use_of(role, chunk, chunk["start"], chunk["end"], chunk["quote"])


def chunks_of(citation: Citation) -> tuple[str, ...]:
    """Return the ids of the chunks that a passage holds."""
    return citation.chunk_ids or (citation.chunk_id,)


def cited(inputs: Inputs, chunk_id: str) -> Use:
    """Return the use of a chunk that a prompt shows beside the one that answers."""
    return whole("shown", inputs.chunks.row(chunk_id))


def _reason(inputs: Inputs, row: dict[str, Any]) -> Refusal | None:
    if reason := inputs.barred(row):
        return reason
    language = (row["language"] or LANGUAGES[0]).partition("-")[0]
    return None if language in LANGUAGES else Refusal.LANGUAGE


def _whole(
    reason: Refusal, document: str, row: dict[str, Any], words: Lexicon, limit: int
) -> tuple[Refused, ...]:
    """Refuse a whole document, counted by the rows it would have given."""
    lost = min(limit, len(questions(row, words))) if reason is Refusal.AUDIENCE else 1
    return (Refused(reason=reason, document_id=document),) * max(1, lost)


def _with_several_answers(made: list[Question]) -> set[tuple[str, ...]]:
    answers: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for question in made:
        if question.text:
            answers[question_key(question.text)].add(" ".join(question.answer.lower().split()))
    return {key for key, said in answers.items() if len(said) > 1}


def _offer(inputs: Inputs, document: str, made: list[Question], several: set[tuple[str, ...]]) -> Offer:
    candidates: list[Candidate] = []
    refused: list[Refusal] = [] if made else [Refusal.NO_QUESTION]
    taken: dict[tuple[str, ...], int] = defaultdict(int)
    for question in sorted(made, key=lambda question: (question.rank, question.start)):
        chunk = inputs.chunks.holding(document, question.since, question.end)
        if not question.text:
            refused.append(Refusal.NOT_STANDING_ALONE)
        elif question_key(question.text) in several:
            refused.append(Refusal.AMBIGUOUS)
        elif chunk is None or not _quotes(chunk, question):
            refused.append(Refusal.ANSWER_NOT_IN_CHUNK)
        elif taken[question.headings] >= PER_SECTION:
            refused.append(Refusal.OVER_LIMIT)
        else:
            taken[question.headings] += 1
            candidates.append(Candidate(question=question, chunk=chunk))
    why = tuple(Refused(reason=reason, document_id=document) for reason in refused)
    return Offer(document_id=document, candidates=tuple(candidates), refused=why)


def _quotes(chunk: dict[str, Any], question: Question) -> bool:
    """Tell whether the chunk's own quote has the answer where its span says (law 7)."""
    at = chunk["start"]
    return bool(chunk["quote"][question.start - at : question.end - at] == question.answer)
