"""OpenAI's attribute filters as ours: `eq` and `in`, times with `gte` and `lt`, joined with `and`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from flows.serving.openai_errors import UnsupportedError
from schemas.errors import ConfigError
from schemas.filters import WORDS, Filters

TIME = "source_at"
TIMES = {"gte": "since", "lt": "until"}
FIX = "compare with `eq` or `in`, source_at with `gte` or `lt`, and join with `and`"


def filters_of(given: Mapping[str, Any] | None) -> Filters:
    """Return what is filtered. Raises UnsupportedError for a comparison that cannot be kept to."""
    fields: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    for kind, key, value in _comparisons(given or {}):
        if key == TIME and kind in TIMES:
            _put(fields, TIMES[kind], _time(value))
        elif key != TIME and kind in ("eq", "in"):
            values = [str(one) for one in (value if isinstance(value, list) else [value])]
            _put(fields if key in WORDS else labels, WORDS.get(key, key), values)
        else:
            raise UnsupportedError(f"the filter {kind!r} of {key!r} is not supported here", fix=FIX)
    try:
        return Filters(**fields, labels=labels)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ConfigError(f"filters: {first['msg'].removeprefix('Value error, ')}", fix=FIX) from None


def _comparisons(given: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield every comparison of a filter, those within others too."""
    if not given:
        return
    kind = given.get("type")
    if kind == "and" and isinstance(inner := given.get("filters"), list):
        for one in inner:
            yield from _comparisons(one if isinstance(one, Mapping) else {"type": None})
    elif isinstance(kind, str) and isinstance(key := given.get("key"), str) and "value" in given:
        yield kind, key, given["value"]
    else:
        raise UnsupportedError(f"the filter of type {kind!r} is not supported here", fix=FIX)


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    if name in fields:
        raise UnsupportedError(f"{name!r} is filtered twice", fix="use `in` for one or the other")
    fields[name] = value


def _time(value: Any) -> Any:
    """Return a time as text or, as OpenAI's clients send it, as seconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            raise ConfigError(f"filters: {value!r} is no time", fix=FIX) from None
    return value
