"""Freshness: how far a source is behind, and when somebody should look."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

FreshnessState = Literal["fresh", "old", "overdue", "refused", "failed", "never"]
"""`old`: what it last changed is past its `max_age`. `overdue`: not looked at for two turns of its schedule,
or for its `max_age`. `refused`, `failed`: how its last run ended. `never`: no run has ended well yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh one source or feature is, of what the one who asks may read."""

    source: str
    kind: str
    """Its type, such as `files`, or `feature`."""
    state: FreshnessState
    owner: str | None
    changed_at: datetime | None
    """When the source itself says that it last changed."""
    age_s: float | None
    max_age: str | None
    looked_at: datetime | None
    """When the last run began that saw all of it, whether or not there was anything new."""
    looked_s: float | None
    release: int | None
    """The last release that has something new of it."""
    released_at: datetime | None
    documents: int
    """Documents, or a feature's rows."""
    stale: int
    quarantined: int | None
    """None where the one who asks may not read all of the source, and so not count what is not released."""
    detail: str = ""
    """What stopped the last run, where something did."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as scripts read it, with times as RFC 3339."""
        told = asdict(self)
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in told.items()}
