"""Times as people write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.errors import ConfigError


def moment(text: str | None, option: str) -> datetime | None:
    """Return what an option names: an RFC 3339 time or a date, in UTC unless it says otherwise."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise ConfigError(
            f"{option} is {text!r}, which is no time", fix="write 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)
