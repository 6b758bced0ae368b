"""Scoring: what one question's ranking and context are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transforms.evaluation.ranking import best_first, mrr_at, ndcg_at, recall_at
from transforms.evaluation.spans import (
    Cited,
    Place,
    answer_found,
    character_recall,
    token_precision,
    token_recall,
    touches,
)

RECALL_AT = (1, 3, 5, 10, 20)
TOP = 10
SPAN_HITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What ought to be found for a question, in the ids and characters of one release."""

    grades: Mapping[str, int] = field(default_factory=dict)
    """Document as the question names it -> grade, those too that the release does not have."""
    names: Mapping[str, str] = field(default_factory=dict)
    """document_id -> the name that the question calls it by."""
    spans: tuple[Place, ...] = ()
    tokens: tuple[Place, ...] = ()
    """The spans' tokens."""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One question, asked: its figures, and what is needed to tell whether abstaining was right."""

    id: str
    answerable: bool
    answered: bool
    confidence: float
    figures: Mapping[str, float] = field(default_factory=dict)


def figures(expected: Expected, ranked: Sequence[Place], cited: Sequence[Cited]) -> dict[str, float]:
    """Return the figures of one question: those of documents, spans and answers that it has."""
    found: dict[str, float] = {}
    if any(grade > 0 for grade in expected.grades.values()):
        found |= _of_documents(expected, ranked)
    if expected.spans:
        found |= _of_spans(expected, ranked, cited)
    if expected.answers:
        found["answer_found"] = answer_found(expected.answers, cited)
    return found


def _of_documents(expected: Expected, ranked: Sequence[Place]) -> dict[str, float]:
    order = best_first(expected.names.get(one.document_id, one.document_id) for one in ranked)
    found = {f"recall@{k}": recall_at(k, order, expected.grades) for k in RECALL_AT}
    found[f"ndcg@{TOP}"] = ndcg_at(TOP, order, expected.grades)
    found[f"mrr@{TOP}"] = mrr_at(TOP, order, expected.grades)
    return found


def _of_spans(expected: Expected, ranked: Sequence[Place], cited: Sequence[Cited]) -> dict[str, float]:
    touching = {n: 1 for n, one in enumerate(ranked[:TOP]) if touches(one, expected.spans)}
    return {
        f"span_recall@{SPAN_HITS}": character_recall(expected.spans, ranked[:SPAN_HITS]),
        f"span_mrr@{TOP}": mrr_at(TOP, range(len(ranked)), touching),
        "token_recall": token_recall(expected.tokens, cited),
        "token_precision": token_precision(expected.tokens, cited),
    }
