"""What the tools take that agents are given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from schemas.context import Frozen, Question
from schemas.filters import Filters

FETCH_CHARS = 50_000
Found = dict[str, Any]
"""What a tool answers, as JSON."""


class When(Frozen):
    """At which release; the newest without either."""

    release: Annotated[int | None, Field(ge=1, description="A release's number.")] = None
    as_of: Annotated[
        datetime | None, Field(description="The newest release made at or before this time, RFC 3339.")
    ] = None

    @property
    def at(self) -> datetime | None:
        """The time, in UTC where it says no zone."""
        return self.as_of.replace(tzinfo=UTC) if self.as_of and self.as_of.tzinfo is None else self.as_of


class SearchArguments(When):
    """What `search` takes."""

    query: Annotated[Question, Field(description="A question, in words.")]
    view: Annotated[str | None, Field(description="A context view; the default one without it.")] = None
    top_k: Annotated[int, Field(ge=1, le=50, description="Passages at most.")] = 10
    filters: Filters = Filters()


class FetchArguments(When):
    """What `fetch` takes."""

    id: Annotated[str, Field(min_length=1, max_length=200, description="The id of a result of search.")]
    start: Annotated[int, Field(ge=0, description="The first character.")] = 0
    max_chars: Annotated[int, Field(ge=1, le=FETCH_CHARS, description="Characters at most.")] = FETCH_CHARS
