"""Intervals: how far a figure over questions moves when other questions of the same kind are asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from schemas.evaluation import Estimate

Places = npt.NDArray[np.int64]
Statistic = Callable[[Places], float]

RESAMPLES = 1_000
SEED = 19_790_101
LEVEL = 0.95


def estimate(statistic: Statistic, strata: npt.NDArray[np.int64], *, resamples: int = RESAMPLES) -> Estimate:
    """Return a statistic over questions and its percentile bootstrap interval.

    `statistic` is given places of questions, some of them more than once; questions are drawn with
    replacement within their stratum, so that each kind keeps its number. The percentile interval of Efron
    1979 (Efron and Tibshirani 1993, ch. 13), with a fixed seed: equal scores give equal intervals.
    """
    random = np.random.default_rng(SEED)
    groups = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    drawn = [
        statistic(np.concatenate([group[random.integers(0, group.size, group.size)] for group in groups]))
        for _ in range(resamples)
    ]
    value = statistic(np.concatenate(groups))
    low, high = np.percentile(drawn, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(value=value, low=float(low), high=float(high))
