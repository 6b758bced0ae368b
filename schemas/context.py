"""A context: the text handed to a prompt, with citations; and the request that asks for one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from schemas.acl import EVERYONE, is_entry
from schemas.filters import Filters

QUESTION_CHARS = 4_000
BUDGET_TOKENS = 32_000
ENTITIES = 16


def asks_something(question: str) -> str:
    """Return a question. Raises ValueError for one that is blank."""
    if not question.strip():
        raise ValueError("the question is blank")
    return question


Question = Annotated[str, Field(min_length=1, max_length=QUESTION_CHARS), AfterValidator(asks_something)]
EntityText = Annotated[str, Field(min_length=1, max_length=200)]


class Frozen(BaseModel):
    """A value: fixed once made, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Principal(Frozen):
    """Who asks. Without a name it is anonymous, which everybody is: in `everyone` and nothing else."""

    user: str | None = None
    groups: tuple[str, ...] = ()

    @field_validator("groups", mode="after")
    @classmethod
    def _sorted(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(groups)))

    def entries(self) -> tuple[str, ...]:
        """Return the acl entries this principal may use, sorted."""
        mine = [EVERYONE, *(f"group:{group}" for group in self.groups)]
        mine += [f"user:{self.user}"] if self.user else []
        bad = [entry for entry in mine if not is_entry(entry)]
        if bad:
            raise ValueError(f"{bad[0]!r} is not an acl entry")
        return tuple(sorted(set(mine)))


class ContextRequest(Frozen):
    """A question, who asks it, and at which release."""

    question: Question
    view: str | None = None
    principal: Principal = Principal()
    release: Annotated[int, Field(ge=1)] | None = None
    as_of: datetime | None = None
    budget_tokens: Annotated[int, Field(ge=64, le=BUDGET_TOKENS)] | None = None
    entities: Annotated[dict[EntityText, EntityText], Field(max_length=ENTITIES)] = {}
    """Whom the question is about: an entity's name, as a feature's `entity` has it, to its key."""
    filters: Filters = Filters()
    """What the passages must be; facts of features and functions are not filtered."""
    top_k: Annotated[int, Field(ge=1, le=100)] | None = None
    """Passages at most; the view's own without it."""
    explain: bool = False


class Message(Frozen):
    """One message of a prompt, as chat models take it."""

    role: Literal["system", "user", "assistant"]
    content: str


class Citation(Frozen):
    """Where a passage comes from: `quote` is `document.text[start:end]`, byte for byte."""

    n: int
    chunk_id: str
    document_id: str
    uri: str
    title: str | None
    heading: str
    page: int | None
    start: int
    end: int
    quote: str
    source: str
    source_at: datetime | None
    age_s: float | None
    """Seconds from the source's last change to now; not part of the digest."""
    stale: bool
    score: float
    chunk_ids: tuple[str, ...] = ()
    """All chunks that the quote covers, in their order; `chunk_id` is the one that was found first."""
    flags: tuple[str, ...] = ()
    """`hidden_characters`: invisible or bidirectional controls were taken out of the prompt's copy."""


class Dropped(Frozen):
    """A candidate that is not in the context, and why."""

    chunk_id: str
    why: Literal["duplicate", "over_budget", "below_top_k", "not_relevant", "span_mismatch", "too_old"]


class Candidate(Frozen):
    """A candidate as `explain` shows it: its place and score in each leg, and what became of it."""

    chunk_id: str
    uri: str
    title: str | None
    heading: str
    vector_score: float | None
    vector_rank: int | None
    keyword_score: float | None
    keyword_rank: int | None
    fused: float = 0.0
    """Part of the score that comes from both legs, each scaled to 0..1 and weighed for this question."""
    named: float
    """Part of the score that comes from the question naming the document."""
    coverage: float = 0.0
    """Part of the score that comes from the passage having the question's words."""
    maxsim: float = 0.0
    """Part of the score that comes from the passage's tokens being like the question's."""
    cluster: float = 0.0
    """Part of the score that comes from the candidates it is most like."""
    support: float
    """Part of the score that comes from the passages beside it."""
    freshness: float
    """What the score was multiplied by for the source's half-life; 1 is no change."""
    reranked: float | None = None
    """What the reranker made of it, where it read it; its place is by this then."""
    score: float
    verdict: str
    """`kept`, `merged` into the passage beside it, or why it was dropped."""


class Tokens(Frozen):
    """Tokens of the rendered messages, and the budget they had to fit."""

    used: int
    budget: int


class Context(Frozen):
    """What a prompt is given: messages ready to send, and every passage's citation."""

    context_id: str
    digest: str
    """sha256 over messages, citations without age, tokens and dropped: equal for equal inputs (law 9).

    Live values, and marks of how old a fact is, are left out of it.
    """
    release: int
    context_view: str
    question: str
    answerable: bool
    reason: str | None = None
    """Why there is no context, when `answerable` is false."""
    messages: tuple[Message, ...]
    citations: tuple[Citation, ...]
    features: dict[str, Any] = {}
    """Facts by name: `values`, `event_at`, `age_s`, `stale`, and `citation`, the number in the prompt."""
    tokens: Tokens
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know of the search, such as filters that left few passages."""
    timings_ms: dict[str, float] = {}
    explain: tuple[Candidate, ...] = ()
