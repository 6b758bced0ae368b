"""What our own HTTP interface takes and answers, besides the context itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from schemas.context import BUDGET_TOKENS, ENTITIES, QUESTION_CHARS, Context, EntityText, Frozen
from schemas.filters import Filters

Include = Literal["text"]
GROUPS = 64
Group = Annotated[str, Field(min_length=1, max_length=200)]


class ContextBody(Frozen):
    """A question, and as whom, where and at which release it is asked."""

    question: Annotated[str, Field(min_length=1, max_length=QUESTION_CHARS)]
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
    explain: bool = False
    """Answer every candidate too, and what became of it."""
    include: Annotated[tuple[Include, ...], Field(max_length=4)] = ()
    """`text`: the messages as one text."""


class ContextAnswer(Context):
    """A context, with what was asked for besides."""

    text: str | None = None
    """The rendered messages, where `include` asks for them."""
