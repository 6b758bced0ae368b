"""Splits: which family of documents trains, validates and tests. By hash, so a family stays where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import accumulate
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """From when on families validate and test: what is trained on is older than what it is tried on.

    Dates and not shares, so that a family stays where it is at every release.
    """

    test_from: str
    """A date such as 2025-06-01, at its start in UTC."""
    validation_from: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no date, and a test that begins before the validation."""
        first, last = (
            moment_of("validation_from", self.validation_from),
            moment_of("test_from", self.test_from),
        )
        if first is not None and last is not None and last <= first:
            raise ValueError("test_from is not after validation_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Documents that are in one split, since they say nearly the same or are parts of one thread."""

    name: str
    """The smallest id of its documents."""
    newest: datetime | None = None
    """When the newest of them was last changed, as far as their sources say so."""


def splitting_of(settings: Mapping[str, Any]) -> tuple[type[Shares | Dates], dict[str, Any]]:
    """Return what `splits` of a definition is, by shares or by dates, and its settings, dates as texts."""
    by_date = any(name.endswith("_from") for name in settings)
    plain = {n: v.isoformat() if isinstance(v, date) else v for n, v in settings.items()}
    return (Dates if by_date else Shares), plain


def moment_of(name: str, told: str | None) -> datetime | None:
    """Return the start of a date in UTC. Raises ValueError for a text that is none."""
    if told is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(told), time(), tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{name} is {told!r}; write a date such as 2025-06-01") from None


def split_of(family: Family, splitting: Shares | Dates) -> str:
    """Return the split of a family of documents: the same in every dataset and every release.

    By dates the newest of its documents decides; what says nothing of that is trained on.
    """
    if isinstance(splitting, Dates):
        return _by_date(family.newest, splitting)
    return _by_lot(family.name, splitting)


def _by_date(newest: datetime | None, dates: Dates) -> str:
    for split in ("test", "validation"):
        since = moment_of(split, getattr(dates, f"{split}_from"))
        if newest is not None and since is not None and newest >= since:
            return split
    return SPLITS[0]


def _by_lot(family: str, shares: Shares) -> str:
    place = int(digest("split", family), 16) / 16**ID_DIGITS
    bounds = accumulate(getattr(shares, name) for name in SPLITS)
    return next((name for name, bound in zip(SPLITS, bounds, strict=True) if place < bound), SPLITS[0])


def promoted(counts: Mapping[str, int]) -> str | None:
    """Return the split that becomes `train` when chance left that empty: the largest; None when none must."""
    filled = [name for name in SPLITS if counts.get(name)]
    if not filled or "train" in filled:
        return None
    return max(filled, key=lambda name: counts[name])
