from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dataset import SPLITS
from transforms.datasets.splits import Shares, promoted, split_of


def test_families_are_dealt_by_their_shares() -> None:
    dealt = Counter(split_of(f"family {n}", Shares()) for n in range(4_000))
    assert 0.77 < dealt["train"] / 4_000 < 0.83
    assert 0.08 < dealt["validation"] / 4_000 < 0.12


@given(st.text())
def test_a_split_with_no_share_gets_nothing(family: str) -> None:
    assert split_of(family, Shares(train=1, validation=0, test=0)) == "train"
    assert split_of(family, Shares(train=0.5, validation=0.5, test=0)) != "test"


@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.2), (-0.1, 0.6, 0.5), (0, 0.5, 0.5)])
def test_shares_that_do_not_add_up_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"splits|train"):
        Shares(**dict(zip(SPLITS, shares, strict=True)))


def test_the_largest_split_trains_when_none_fell_into_train() -> None:
    assert promoted({"validation": 2, "test": 5}) == "test"
    assert promoted({"train": 1, "test": 5}) is None
    assert promoted({}) is None
