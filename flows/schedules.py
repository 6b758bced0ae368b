"""When a deployment runs: its schedule, with those that only say how often spread by name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from schemas.errors import ConfigError
from schemas.section import Schedule

if TYPE_CHECKING:
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

EVERY = re.compile(r"^\*/(\d+) \* \* \* \*$")
START = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE_S, HOUR_M = 60, 60


def every_s(schedule: Schedule) -> int | None:
    """Return a schedule's interval where it says how often and not when: an interval, or `*/15 * * * *`.

    A step that does not divide the hour starts again with each, and is left to cron.
    """
    if schedule.every_s is not None:
        return schedule.every_s
    found = EVERY.match(schedule.cron or "")
    minutes = int(found.group(1)) if found else 0
    return minutes * MINUTE_S if minutes and HOUR_M % minutes == 0 else None


def offset_s(name: str, interval_s: int) -> int:
    """Return when within each interval something of this name runs, in seconds: always the same."""
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % interval_s


def prefect_schedule(schedule: Schedule, name: str) -> CronSchedule | IntervalSchedule:
    """Return the schedule as Prefect keeps it, in UTC. Raises ConfigError for what is no cron line."""
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

    interval_s = every_s(schedule)
    if interval_s is None:
        try:
            return CronSchedule(cron=schedule.cron or "", timezone="UTC")
        except ValueError as problem:
            raise ConfigError(
                f"{name}: {schedule.cron!r} is not a cron line",
                fix='write five fields, as in "30 3 * * *" for half past three every day',
                state="what was registered before stays",
            ) from problem
    anchor = START + timedelta(seconds=offset_s(name, interval_s))
    return IntervalSchedule(interval=timedelta(seconds=interval_s), anchor_date=anchor, timezone="UTC")


def told(schedule: Schedule | None, name: str) -> str:
    """Return a schedule as a person reads it; of a spread one also from when it is counted."""
    if schedule is None:
        return "by hand"
    interval_s = every_s(schedule)
    if interval_s is None:
        return f"cron {schedule.cron} UTC"
    first = timedelta(seconds=offset_s(name, interval_s))
    return f"every {_length(interval_s)}, {first} after the full one (spread)"


def _length(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", MINUTE_S)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
