"""The one place where a value becomes part of a store's filter; everything else passes values, never SQL."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.errors import ConfigError


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
    listed = ", ".join(quoted(entry) for entry in sorted(set(entries)))
    return f"array_has_any(acl, make_array({listed}))" if listed else "false"


def both(*filters: str | None) -> str | None:
    """Return the conjunction of the filters given, or None when there is none."""
    given = [f"({f})" for f in filters if f]
    return " AND ".join(given) or None
