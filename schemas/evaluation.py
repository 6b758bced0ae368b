"""Evaluation: questions whose answers are known, and what a release makes of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from schemas.context import QUESTION_CHARS, Frozen, Principal

GateMetric = Literal[
    "recall@1", "recall@3", "recall@5", "recall@10", "recall@20", "ndcg@10", "mrr@10",
    "span_recall@5", "span_mrr@10", "token_recall", "token_precision", "answer_found",
    "balanced_accuracy", "auroc",
]  # fmt: skip
"""Figures of which more is better, so that a least value of one can be a gate."""

Why = Literal["no such document", "not readable by who asks", "no such text in the document"]

Metric = Literal[GateMetric, "false_abstention", "false_answering"]

Grade = Annotated[int, Field(ge=0)]

EXAMPLES = 5
"""Questions named of those that could not be asked."""


class ExpectedSpan(Frozen):
    """A place that answers: `text` in a document, or its characters from `start` up to `end`."""

    document: str
    start: Annotated[int, Field(ge=0)] | None = None
    end: Annotated[int, Field(ge=1)] | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _is_somewhere(self) -> ExpectedSpan:
        if (self.start is None) != (self.end is None):
            raise ValueError("a span has both start and end, or neither")
        if self.start is None and not (self.text or "").strip():
            raise ValueError("a span has a text, or start and end")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("a span ends after its start")
        return self


class Question(Frozen):
    """A question, what ought to be found for it, and who asks."""

    id: str
    question: Annotated[str, Field(min_length=1, max_length=QUESTION_CHARS)]
    documents: dict[str, Grade] = Field(default={})
    """Document (its URI, its source's key, or its id) -> grade; 0 is judged and not relevant."""
    spans: tuple[ExpectedSpan, ...] = ()
    answers: tuple[str, ...] = ()
    answerable: bool = True
    principal: Principal = Principal()

    @field_validator("question", mode="after")
    @classmethod
    def _asks_something(cls, question: str) -> str:
        if not question.strip():
            raise ValueError("the question is blank")
        return question

    @model_validator(mode="after")
    def _expects_nothing_of_what_has_no_answer(self) -> Question:
        if not self.answerable and (self.documents or self.spans or self.answers):
            raise ValueError("a question that is not answerable expects nothing")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Questions, where they were read, and the sha256 of the files they were read from."""

    questions: tuple[Question, ...]
    path: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What to evaluate: known questions, through a view at a release, and what to compare it with."""

    queries: str | None = None
    """A BEIR-shaped folder or a JSONL file; without it, that of `policy.evaluation`."""
    view: str | None = None
    release: int | None = None
    against: int | None = None
    against_view: str | None = None
    fit_threshold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure and its 95% interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """Return the figure as scripts read it, to four places."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something a question expects that cannot be found at the release, whatever retrieval does."""

    id: str
    document: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What one release, through one view, makes of a set of questions."""

    release: int
    view: str
    queries: int
    """Questions that were asked."""
    queries_hash: str
    metrics: dict[str, Estimate]
    left_out: int = 0
    """Questions that were not asked, since nothing they expect is there to be found."""
    missing: tuple[Missing, ...] = ()

    def examples(self) -> tuple[Missing, ...]:
        """Return a few of the things that cannot be found."""
        return self.missing[:EXAMPLES]

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as scripts read it."""
        return {
            "release": self.release,
            "view": self.view,
            "queries": self.queries,
            "queries_hash": self.queries_hash,
            "metrics": {name: figure.as_dict() for name, figure in self.metrics.items()},
            "left_out": self.left_out,
            "missing": {"count": len(self.missing), "examples": [asdict(m) for m in self.examples()]},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An evaluation, and another beside it where there is one."""

    evaluation: Evaluation
    against: Evaluation | None = None
    difference: dict[str, Estimate] | None = None
    """How much higher each figure is than in `against`, over the questions that both were asked."""
    threshold: dict[str, float | int] | None = None
    """A fitted `min_score`, and what it does to questions it was not fitted on."""

    def rows(self) -> list[tuple[str, Estimate, Estimate | None, Estimate | None]]:
        """Return each figure, that of the other evaluation, and by how much it is higher."""
        other = self.against.metrics if self.against else {}
        by = self.difference or {}
        return [(name, one, other.get(name), by.get(name)) for name, one in self.evaluation.metrics.items()]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as scripts read it."""
        told = self.evaluation.as_dict()
        if self.against is not None:
            told["against"] = self.against.as_dict()
            told["difference"] = {name: one.as_dict() for name, one in (self.difference or {}).items()}
        return told if self.threshold is None else {**told, "threshold": self.threshold}
