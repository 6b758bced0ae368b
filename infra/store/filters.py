"""The one place where a value becomes part of a store's filter; everything else passes values, never SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from schemas.errors import ConfigError
from schemas.filters import Filters

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quoted(value: str) -> str:
    """Return a string as a SQL literal; a NUL cannot be spelled and is refused."""
    if "\x00" in value:
        raise ConfigError("a filter value contains a NUL character", fix="remove it")
    return "'" + value.replace("'", "''") + "'"


def equals(column: str, value: str) -> str:
    """Return the filter that keeps rows whose column is this value."""
    return f"{column} = {quoted(value)}"


def is_in(column: str, values: Iterable[str]) -> str:
    """Return the filter that keeps rows whose column is one of the values; none of them keeps nothing."""
    listed = ", ".join(quoted(value) for value in values)
    return f"{column} IN ({listed})" if listed else "false"


def numbered(column: str, numbers: Iterable[int]) -> str:
    """Return the filter that keeps rows whose column is one of the numbers; none of them keeps nothing."""
    listed = ", ".join(str(int(number)) for number in numbers)
    return f"{column} IN ({listed})" if listed else "false"


def readable_by(entries: Iterable[str]) -> str:
    """Return the filter that keeps rows whose acl names one of the entries; no entry keeps nothing."""
    return array_has("acl", entries)


def array_has(column: str, values: Iterable[str]) -> str:
    """Return the filter that keeps rows whose list names one of the values; none of them keeps nothing."""
    listed = ", ".join(quoted(value) for value in sorted(set(values)))
    return f"array_has_any({column}, make_array({listed}))" if listed else "false"


def both(*filters: str | None) -> str | None:
    """Return the conjunction of the filters given, or None when there is none."""
    given = [f"({f})" for f in filters if f]
    return " AND ".join(given) or None


def labeled(name: str, values: Iterable[str]) -> str:
    """Return the filter that keeps rows with a label of this name and one of the values."""
    pairs = [f"named_struct('name', {quoted(name)}, 'value', {quoted(value)})" for value in values]
    return f"array_has_any(labels, make_array({', '.join(pairs)}))" if pairs else "false"


def within(column: str, since: datetime | None, until: datetime | None) -> str | None:
    """Return the filter that keeps rows whose time is at or after `since` and before `until`."""
    return both(
        f"{column} >= to_timestamp_micros({_micros(since)})" if since else None,
        f"{column} < to_timestamp_micros({_micros(until)})" if until else None,
    )


def asked_for(filters: Filters) -> str | None:
    """Return the filter that keeps the chunks a caller asked for; None when they asked for all."""
    lists = {"source": filters.sources, "media_type": filters.media_types, "language": filters.languages}
    return both(
        *(is_in(column, values) for column, values in lists.items() if values is not None),
        *(labeled(name, values) for name, values in filters.labels.items()),
        within("source_at", filters.since, filters.until),
    )


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
