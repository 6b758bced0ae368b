"""Splits: which family of documents trains, validates and tests. By hash, so a family stays where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from schemas.dataset import SPLITS
from schemas.identity import ID_DIGITS, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How many of ten families go where; what is 0 is not written."""

    train: float = 0.8
    validation: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        shares = [getattr(self, name) for name in SPLITS]
        if any(share < 0 for share in shares) or abs(sum(shares) - 1) > 1e-9:  # noqa: PLR2004 - rounding of three shares
            raise ValueError(f"splits are {shares}; they must not be negative and must add up to 1")
        if not self.train:
            raise ValueError("the train split has a share of 0")


def split_of(family: str, shares: Shares) -> str:
    """Return the split of a family of documents: the same in every dataset and every release."""
    place = int(digest("split", family), 16) / 16**ID_DIGITS
    bounds = accumulate(getattr(shares, name) for name in SPLITS)
    return next((name for name, bound in zip(SPLITS, bounds, strict=True) if place < bound), SPLITS[0])


def promoted(counts: Mapping[str, int]) -> str | None:
    """Return the split that becomes `train` when chance left that empty: the largest; None when none must."""
    filled = [name for name in SPLITS if counts.get(name)]
    if not filled or "train" in filled:
        return None
    return max(filled, key=lambda name: counts[name])
