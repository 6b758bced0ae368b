"""Turns: how long a schedule can be silent before something is wrong with it."""

from __future__ import annotations

from itertools import pairwise

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def longest_wait_s(cron: str) -> float | None:
    """Return the longest time between two turns of a cron line, in seconds; None for a line it cannot read.

    Where only some days count it is an upper bound: 7 days of the week, 31 of the month, 366 of the year.
    """
    fields = cron.split()
    if len(fields) != 5:  # noqa: PLR2004 - minute, hour, day of month, month, day of week
        return None
    try:
        minutes, hours = _values(fields[0], 60), _values(fields[1], 24)
    except ValueError:
        return None
    for field, wait in zip(fields[2:], (31 * DAY_S, 366 * DAY_S, 7 * DAY_S), strict=True):
        if field not in ("*", "?"):
            return float(wait)
    to_next_hour = _gap(hours) * HOUR_S - (minutes[-1] - minutes[0]) * MINUTE_S
    return float(max([to_next_hour, *((b - a) * MINUTE_S for a, b in pairwise(minutes))]))


def _values(field: str, size: int) -> list[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, every = part.partition("/")
        low, _, high = span.partition("-")
        first = 0 if low == "*" else int(low)
        last = size - 1 if low == "*" or (every and not high) else int(high or low)
        found.update(range(first, last + 1, int(every or 1)))
    if not found or not all(0 <= value < size for value in found):
        raise ValueError(field)
    return sorted(found)


def _gap(hours: list[int]) -> int:
    """Return the longest step from one hour to the next, around the clock."""
    return max(b - a for a, b in pairwise([*hours, hours[0] + 24]))
