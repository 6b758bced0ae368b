"""Reading requests that were logged: a JSONL file of questions, who asked them, and through which view."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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


def read_requests(path: Path) -> Iterator[ContextRequest]:
    """Yield the requests of a file. Raises ConfigError, naming the line, for one that cannot be asked."""
    for where, row in rows_of(path, SHAPE):
        line = checked(where, SHAPE, Line, row)
        who = who_asks(where, line.principal, line.groups)
        given = {"question": line.question, "view": line.view, "principal": who, "filters": line.filters}
        yield checked(where, SHAPE, ContextRequest, given)
