"""The request that is worked on: by its id the server's log is found from what a client was told."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field

HEADER = "X-Request-Id"
"""With every answer; OpenAI's clients know it too."""


@dataclass(kw_only=True)
class Current:
    """One request; what works on it in other tasks and threads sees the same object."""

    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    failures: int = 0
    """Errors in it that nobody foresaw."""


CURRENT: ContextVar[Current | None] = ContextVar("headwater_request", default=None)
"""None outside HTTP."""
