"""How long a schedule can be silent: as long as Prefect's own scheduler leaves between two turns."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect._vendor.croniter import croniter  # type: ignore[import-untyped]

from transforms.turns import longest_wait_s

HOUR_S, DAY_S = 3_600, 86_400


@pytest.mark.parametrize(
    ("cron", "wait_s"),
    [
        ("*/15 * * * *", 900),
        ("0 * * * *", HOUR_S),
        ("0,20 * * * *", 2_400),
        ("30 4 * * *", DAY_S),
        ("0 8-18 * * *", 14 * HOUR_S),
        ("0 9 * * 1-5", 7 * DAY_S),
        ("0 0 1 * *", 31 * DAY_S),
        ("@daily", None),
        ("0 25 * * *", None),
    ],
)
def test_a_line_says_how_long_it_can_be_silent(cron: str, wait_s: float | None) -> None:
    assert longest_wait_s(cron) == wait_s


def field(size: int) -> st.SearchStrategy[str]:
    listed = st.lists(st.integers(0, size - 1), min_size=1, max_size=4).map(lambda v: ",".join(map(str, v)))
    return st.one_of(st.just("*"), st.integers(1, size - 1).map(lambda n: f"*/{n}"), listed)


@settings(max_examples=30, deadline=None)
@given(field(60), field(24))
def test_no_two_turns_are_further_apart_than_that(minutes: str, hours: str) -> None:
    cron = f"{minutes} {hours} * * *"
    turns = croniter(cron, datetime(2026, 3, 2, tzinfo=UTC))
    at = [turns.get_next(float) for _ in range(700)]

    assert longest_wait_s(cron) == max(later - earlier for earlier, later in pairwise(at))
