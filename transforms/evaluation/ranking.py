"""Figures of a ranking: how many relevant things are near the top. All are between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def best_first(ranked: Iterable[T]) -> list[T]:
    """Return each thing once, where it first stands: a document ranks where its best chunk does."""
    return list(dict.fromkeys(ranked))


def recall_at(k: int, ranked: Sequence[T], grades: Mapping[T, int]) -> float:
    """Return the share of the relevant things that are among the first k (Manning et al. 2008, ch. 8)."""
    relevant = {one for one, grade in grades.items() if grade > 0}
    return len(relevant & set(ranked[:k])) / len(relevant) if relevant else 0.0


def ndcg_at(k: int, ranked: Sequence[T], grades: Mapping[T, int]) -> float:
    """Return the discounted gain of the first k beside that of the best order there is.

    Discount log2(rank + 1) as in Järvelin and Kekäläinen 2002, gain 2^grade - 1 as in Burges et al. 2005.
    """
    best = _gain(sorted(grades.values(), reverse=True)[:k])
    return _gain([grades.get(one, 0) for one in ranked[:k]]) / best if best else 0.0


def mrr_at(k: int, ranked: Sequence[T], grades: Mapping[T, int]) -> float:
    """Return 1 / rank of the first relevant thing among the first k, else 0 (Voorhees 1999)."""
    ranks = (rank for rank, one in enumerate(ranked[:k], start=1) if grades.get(one, 0) > 0)
    first = next(ranks, None)
    return 1 / first if first else 0.0


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2.0**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))
