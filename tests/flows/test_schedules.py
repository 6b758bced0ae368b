"""Schedules that only say how often are spread by name; those that say when are kept."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

from flows.schedules import every_s, offset_s, prefect_schedule, told
from schemas.errors import ConfigError
from schemas.section import Schedule


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        (Schedule(every_s=90), 90),
        (Schedule(cron="*/15 * * * *"), 900),
        (Schedule(cron="*/1 * * * *"), 60),
        (Schedule(cron="*/60 * * * *"), 3_600),
        (Schedule(cron="*/7 * * * *"), None),  # 0, 7, ... 56, and 0 again: not every seven minutes
        (Schedule(cron="* * * * *"), None),
        (Schedule(cron="0,15,30,45 * * * *"), None),
        (Schedule(cron="*/15 9-17 * * *"), None),
    ],
)
def test_only_what_says_how_often_and_not_when_is_spread(schedule: Schedule, seconds: int | None) -> None:
    kept = prefect_schedule(schedule, "handbook")

    assert every_s(schedule) == seconds
    if seconds is None:
        assert isinstance(kept, CronSchedule)
        assert kept.cron == schedule.cron
        assert told(schedule, "handbook") == f"cron {schedule.cron} UTC"
    else:
        assert isinstance(kept, IntervalSchedule)
        assert kept.interval == timedelta(seconds=seconds)
        assert "(spread)" in told(schedule, "handbook")


@pytest.mark.parametrize("cron", ["*/0 * * * *", "daily", "61 * * * *", ""])
def test_what_is_no_cron_line_is_a_wrong_setting(cron: str) -> None:
    with pytest.raises(ConfigError, match="is not a cron line"):
        prefect_schedule(Schedule(cron=cron), "handbook")


@given(name=st.text(min_size=1), interval_s=st.integers(1, 10**7))
def test_a_name_has_one_place_inside_the_interval(name: str, interval_s: int) -> None:
    assert 0 <= offset_s(name, interval_s) < interval_s
    assert offset_s(name, interval_s) == offset_s(name, interval_s)


def test_two_hundred_sources_are_not_started_in_one_minute() -> None:
    minutes = Counter(offset_s(f"acme-source-{n}", 900) // 60 for n in range(200))

    assert len(minutes) == 15
    assert max(minutes.values()) <= 2.5 * 200 / 15


def test_a_schedule_is_counted_from_a_moment_that_never_moves() -> None:
    (first, second) = (prefect_schedule(Schedule(every_s=900), "handbook") for _ in range(2))

    assert first == second
    assert isinstance(first, IntervalSchedule)
    assert first.anchor_date < datetime(2020, 1, 1, 0, 15, tzinfo=UTC)
