from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dataset import SPLITS
from transforms.datasets.splits import Dates, Family, Shares, promoted, split_of, splitting_of


def test_families_are_dealt_by_their_shares() -> None:
    dealt = Counter(split_of(Family(name=f"family {n}"), Shares()) for n in range(4_000))
    assert 0.77 < dealt["train"] / 4_000 < 0.83
    assert 0.08 < dealt["validation"] / 4_000 < 0.12


@given(st.text())
def test_a_split_with_no_share_gets_nothing(family: str) -> None:
    assert split_of(Family(name=family), Shares(train=1, validation=0, test=0)) == "train"
    assert split_of(Family(name=family), Shares(train=0.5, validation=0.5, test=0)) != "test"


@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.2), (-0.1, 0.6, 0.5), (0, 0.5, 0.5)])
def test_shares_that_do_not_add_up_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"splits|train"):
        Shares(**dict(zip(SPLITS, shares, strict=True)))


def test_the_largest_split_trains_when_none_fell_into_train() -> None:
    assert promoted({"validation": 2, "test": 5}) == "test"
    assert promoted({"train": 1, "test": 5}) is None
    assert promoted({}) is None


def test_by_dates_what_is_trained_on_is_older_than_what_it_is_tried_on() -> None:
    dates = Dates(validation_from="2025-01-01", test_from="2025-06-01")
    days = {
        "2024-12-31": "train",
        "2025-01-01": "validation",
        "2025-05-31": "validation",
        "2025-06-01": "test",
    }
    for day, split in days.items():
        newest = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        assert split_of(Family(name="f", newest=newest), dates) == split
    assert split_of(Family(name="f"), dates) == "train"


@pytest.mark.parametrize(
    "settings",
    [
        {"test_from": "soon"},
        {"validation_from": "2025-06-01", "test_from": "2025-06-01"},
        {"validation_from": "2025-06-01"},
    ],
)
def test_dates_that_cannot_be_meant_are_refused(settings: dict[str, str]) -> None:
    kind, told = splitting_of(settings)
    assert kind is Dates
    with pytest.raises((ValueError, TypeError)):
        kind(**told)
