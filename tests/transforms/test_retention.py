"""What retention promises: enough of the past, ever thinner, and never what somebody needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.project import KeepSection
from schemas.release import Release
from transforms.retention import thinned_out

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEEP = KeepSection()


def release(number: int, age: timedelta, name: str | None = None) -> Release:
    return Release(
        release=number, parent=None, created_at=NOW - age, kind="ingest", state="open", tables={}, indexes={},
        counts={}, name=name,
    )  # fmt: skip


def every(step: timedelta, until: timedelta) -> list[Release]:
    ages = [step * n for n in range(int(until / step))]
    return [release(n, age) for n, age in enumerate(reversed(ages), start=1)]


def test_all_of_a_day_one_an_hour_of_a_week_and_one_a_day_of_ninety_stay() -> None:
    made = every(timedelta(minutes=15), timedelta(days=100))

    gone = thinned_out(made, KEEP, now=NOW)

    kept = [one for one in made if one.release not in gone]
    ages = [(NOW - one.created_at) / timedelta(days=1) for one in kept]
    assert sum(age <= 1 for age in ages) == 97
    assert sum(1 < age <= 7 for age in ages) == 6 * 24
    assert 82 <= sum(7 < age <= 90 for age in ages) <= 84
    assert max(ages) <= 90


def test_the_newest_the_named_and_the_held_stay_however_old() -> None:
    made = [release(1, timedelta(days=400), "golden"), release(2, timedelta(days=399)),
            release(3, timedelta(days=398)), release(4, timedelta(days=397))]  # fmt: skip

    assert thinned_out(made, KEEP, now=NOW, held={2}) == (3,)


@given(st.lists(st.integers(0, 200 * 24 * 60), min_size=1, max_size=60))
def test_thinning_what_was_thinned_takes_nothing_more(minutes: list[int]) -> None:
    made = [release(n, timedelta(minutes=m)) for n, m in enumerate(sorted(minutes, reverse=True), start=1)]
    gone = set(thinned_out(made, KEEP, now=NOW))
    kept = [one for one in made if one.release not in gone]

    assert made[-1] in kept
    assert thinned_out(kept, KEEP, now=NOW) == ()
