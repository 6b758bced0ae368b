"""What our own HTTP interface takes and answers, besides the context itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from schemas.context import (
    BUDGET_TOKENS,
    ENTITIES,
    Candidate,
    Context,
    EntityText,
    Frozen,
    Principal,
    Question,
)
from schemas.filters import Filters
from schemas.interaction import FeedbackKind

Include = Literal["text"]
GROUPS = 64
ANSWER_TOKENS = 32_000
RANKED = 16
CONTEXT_ID = "50d715fa7ab80f16567fbb0c66fd2308"
Group = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=32_000)]
NEEDED = {"score": "score", "edit": "edited", "ranking": "ranking", "wrong_citation": "citation"}
"""What each kind of feedback must say, and no other may."""


class ContextBody(Frozen):
    """A question, and as whom, where and at which release it is asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How many days of vacation do I have?"},
                {
                    "question": "How much notice does a price change need?",
                    "view": "support",
                    "principal": "user:ann",
                    "groups": ["sales"],
                    "budget_tokens": 1500,
                    "filters": {"sources": ["handbook"], "since": "2026-01-01"},
                    "include": ["text"],
                },
            ]
        }
    )

    question: Question
    view: str | None = None
    """A context view of the project; the default one without it."""
    principal: Annotated[str | None, Field(max_length=200)] = None
    """Who asks, as user:NAME; anonymous without it, refused with an API key."""
    groups: Annotated[tuple[Group, ...], Field(max_length=GROUPS)] = ()
    """Their groups; refused with an API key."""
    release: Annotated[int, Field(ge=1)] | None = None
    as_of: datetime | None = None
    """The newest release made at or before this time."""
    budget_tokens: Annotated[int, Field(ge=64, le=BUDGET_TOKENS)] | None = None
    entities: Annotated[dict[EntityText, EntityText], Field(max_length=ENTITIES)] = Field(
        default_factory=dict
    )
    filters: Filters = Filters()
    top_k: Annotated[int, Field(ge=1, le=100)] | None = None
    """Passages at most; the view's own without it."""
    explain: bool = False
    """Answer every candidate too, and what became of it."""
    include: Annotated[tuple[Include, ...], Field(max_length=4)] = ()
    """`text`: the messages as one text."""


class AskBody(ContextBody):
    """A question that the language model is to answer."""

    stream: bool = False
    """Answer with server-sent events as it is written."""
    max_tokens: Annotated[int, Field(ge=1, le=ANSWER_TOKENS)] | None = None
    """Tokens of the answer at most; `llm.max_tokens` without it."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0


class AskTokens(Frozen):
    """What the language model's endpoint counted; 0 where it does not say."""

    prompt: int
    completion: int


class AskAnswer(Frozen):
    """An answer, and what it was written from."""

    answer: str | None
    """None where nothing relevant was found: then the model was not asked."""
    model: str | None
    cited: tuple[int, ...]
    """The numbers in the context that it cites."""
    tokens: AskTokens
    context: Context


class ContextAnswer(Context):
    """A context, with what was asked for besides."""

    text: str | None = None
    """The rendered messages, where `include` asks for them."""


class DocumentAnswer(Frozen):
    """A document as it was at a release: citations are spans of its `text`."""

    document_id: str
    release: int
    source: str
    key: str
    """The source's own name of it."""
    record: str | None
    uri: str
    title: str | None
    media_type: str
    language: str | None
    status: str
    """live, or stale: its source has a newer version that could not be read."""
    source_at: datetime | None
    labels: tuple[dict[str, str], ...]
    text: str


class ReleaseAnswer(Frozen):
    """A release; what it counts and says is told to admins alone, who may know of every document."""

    release: int
    parent: int | None
    created_at: datetime
    kind: str
    state: str
    name: str | None
    counts: dict[str, int] | None = None
    note: str | None = None


class Explanation(Frozen):
    """A context that was served, and what became of every candidate for it when it is asked again now."""

    context_id: str
    asked_at: datetime
    interface: str
    principal: Principal
    release: int
    context_view: str
    question: str
    digest: str
    unchanged: bool
    """Whether asking again, at the same release and by the same principal, gives the same context."""
    context: Context | None
    """As it was served. None where it is not the same any more, or has earlier turns of a conversation in it:
    rights may have been taken since."""
    answer: str | None
    """What was generated from it, likewise."""
    model: str | None
    candidates: tuple[Candidate, ...]
    note: str | None = None
    """Why it could not be asked again, or not as it was."""


class FeedbackBody(Frozen):
    """What somebody says of an answer; which fields count depends on `kind`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"context_id": CONTEXT_ID, "kind": "like"},
                {"context_id": CONTEXT_ID, "kind": "score", "score": 0.7},
                {"context_id": CONTEXT_ID, "kind": "ranking", "ranking": ["22 days [2].", "20 days [1]."]},
                {
                    "context_id": CONTEXT_ID,
                    "kind": "edit",
                    "edited": "22 days, and one more for two years [2].",
                },
                {"context_id": CONTEXT_ID, "kind": "wrong_citation", "citation": 1, "comment": "of 2024"},
            ]
        }
    )

    context_id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: FeedbackKind
    score: Annotated[float | None, Field(ge=0, le=1)] = None
    answer: Text | None = None
    """Which answer is meant; without it, the one that was generated from the context."""
    edited: Text | None = None
    """kind edit: what the answer should have been."""
    ranking: Annotated[tuple[Text, ...] | None, Field(min_length=2, max_length=RANKED)] = None
    """kind ranking: alternative answers, best first."""
    citation: Annotated[int | None, Field(ge=1)] = None
    """kind wrong_citation: its number in the context. Its source's owner is told."""
    comment: Text | None = None
    expert: bool = False
    """Said by one whose word decides a conflict; admins alone may say so."""
    principal: Annotated[str | None, Field(max_length=200)] = None
    """Who says it, as user:NAME; refused with an API key."""
    groups: Annotated[tuple[Group, ...], Field(max_length=GROUPS)] = ()

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> FeedbackBody:
        for kind, name in NEEDED.items():
            given = getattr(self, name) is not None
            if given and self.kind != kind:
                raise ValueError(f"{name} goes with kind {kind!r}, and {self.kind!r} was given")
            if not given and self.kind == kind:
                raise ValueError(f"kind {kind!r} needs {name}")
        return self


class FeedbackAnswer(Frozen):
    """Feedback as it was recorded."""

    feedback_id: str
    context_id: str
    at: datetime
    kind: FeedbackKind
    labeler: str | None
    expert: bool
    score: float | None
    answer: str | None
    edited: str | None
    ranking: tuple[str, ...] | None
    citation: int | None
    comment: str | None
    owner: str | None
    """kind wrong_citation: who owns the source of the cited document."""
    document_id: str | None
    uri: str | None
