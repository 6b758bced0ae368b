"""A line through what work took: exact where there is one, and never below zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.rates import line

SECONDS = st.floats(min_value=0.01, max_value=1e4)
RUNS = st.lists(st.tuples(st.integers(0, 10**6), SECONDS), min_size=1, max_size=20)


@given(fixed=SECONDS, each=st.floats(0.001, 10), smallest=st.integers(1, 1_000))
def test_runs_on_a_line_give_that_line(fixed: float, each: float, smallest: int) -> None:
    amounts = [smallest, 3 * smallest, 10 * smallest]

    found = line(amounts, [fixed + each * n for n in amounts], fixed_s=3.0)

    assert found == pytest.approx((fixed, each), rel=1e-3, abs=1e-3)


def test_a_small_run_that_waits_for_what_a_large_one_hides_is_planned_between_both() -> None:
    fixed, each = line([600, 60], [1.3, 2.6], fixed_s=3.0)

    assert each == 0
    assert 1.3 < fixed < 2.6


def test_runs_that_cost_nothing_but_their_share_are_planned_without_a_fixed_part() -> None:
    fixed, each = line([10, 100], [0.5, 10.0], fixed_s=3.0)

    assert fixed == 0
    assert 0.05 < each < 0.1


def test_runs_of_one_size_are_taken_for_start_up_as_far_as_half_of_them() -> None:
    assert line([10, 10], [2.0, 4.0], fixed_s=3.0) == pytest.approx((1.0, 0.2))


@given(RUNS)
def test_no_part_is_ever_below_zero(runs: list[tuple[int, float]]) -> None:
    fixed, each = line([amount for amount, _ in runs], [seconds for _, seconds in runs], fixed_s=3.0)

    assert fixed >= 0
    assert each >= 0
