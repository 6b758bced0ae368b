"""What comes back for a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.quarantine import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no value."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A request with one of two: the value that the function returned for it, or the failure."""

    request: dict[str, Any]
    value: dict[str, Any] | None = None
    failure: Failure | None = None
