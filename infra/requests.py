"""Reading requests that were logged: a JSONL file of questions, who asked them, and through which view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from infra.json_lines import checked, rows_of
from infra.questions import who_asks
from schemas.context import ContextRequest, Frozen
from schemas.filters import Filters

SHAPE = '{"question": "...", "view": "support", "principal": "user:ann", "groups": ["hr"]}'


class Line(Frozen):
    """One logged request."""

    question: str
    view: str | None = None
    principal: str | None = None
    groups: tuple[str, ...] = ()
    filters: Filters = Filters()
    entities: Mapping[str, str] = Field(default_factory=dict)
    budget_tokens: int | None = None


def read_requests(path: Path) -> Iterator[ContextRequest]:
    """Yield the requests of a file. Raises ConfigError, naming the line, for one that cannot be asked."""
    for where, row in rows_of(path, SHAPE):
        line = checked(where, SHAPE, Line, row)
        who = who_asks(where, line.principal, line.groups)
        given = line.model_dump(exclude={"principal", "groups"}) | {"principal": who}
        yield checked(where, SHAPE, ContextRequest, given)
