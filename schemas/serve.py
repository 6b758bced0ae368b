"""The `serve:` section: where the HTTP server listens, the most that a request may ask of it."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import Field

from schemas.context import BUDGET_TOKENS, QUESTION_CHARS
from schemas.section import Duration, Section


class LogsSection(Section):
    """How long the logs of what was asked and said are kept; `headwater maintain` deletes what is older."""

    interactions: Duration = "365d"
    feedback: Duration = "1095d"


class ServeSection(Section):
    """Where `headwater serve` listens, and its limits: what is over one is refused, with what to do."""

    host: str = "127.0.0.1"
    """Anything but loopback needs keys: `headwater keys add`."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8700
    """0 takes a free one."""
    concurrency: Annotated[int, Field(ge=1, le=256)] = 4
    """Requests worked on at once."""
    queue: Annotated[int, Field(ge=0, le=10_000)] = 64
    """Requests that may wait for their turn; one more is answered 503 with Retry-After."""
    queue_wait: Duration = "10s"
    """How long one waits before it is answered 503."""
    per_key: Annotated[int, Field(ge=1)] = 32
    """Requests that one API key may have open at once; one more is answered 429 with Retry-After."""
    max_body_bytes: Annotated[int, Field(ge=1_024)] = 1024**2
    max_upload_bytes: Annotated[int, Field(ge=1_024)] = 32 * 1024**2
    """Of a request that pushes documents."""
    max_question_chars: Annotated[int, Field(ge=1, le=QUESTION_CHARS)] = QUESTION_CHARS
    max_top_k: Annotated[int, Field(ge=1, le=100)] = 100
    """Passages that one answer may have, where a request says how many."""
    max_budget_tokens: Annotated[int, Field(ge=64, le=BUDGET_TOKENS)] = BUDGET_TOKENS
    report_url: str | None = None
    """Where reports of wrong citations are posted as JSON, for the source's owner; they are logged anyway."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine and nobody else can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
