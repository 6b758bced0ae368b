"""What work will take, from what work took: a straight line through the last runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def line(amounts: Sequence[float], seconds: Sequence[float], *, fixed_s: float) -> tuple[float, float]:
    """Return (seconds whatever the amount, seconds for each one) that fit what was seen, neither below zero.

    Least squares, weighted by 1/seconds so that a small run counts as much as a large one; a part that would
    be below zero is left out, as where a small run waits for what a large one has loaded meanwhile. Where all
    amounts are about the same no line can be told: `fixed_s`, or half of the smallest run, is taken as fixed.
    """
    x, y = np.asarray(amounts, float), np.asarray(seconds, float)
    weights = 1.0 / np.maximum(y, 0.01)
    if x.max() < 2 * max(x.min(), 1.0):
        fixed = min(fixed_s, float(y.min()) / 2)
        each = np.average((y - fixed) / np.maximum(x, 1.0), weights=x + 1e-9)
        return fixed, float(max(each, 0.0))
    columns, seen = np.stack([np.ones_like(x), x], axis=1) * weights[:, None], y * weights
    fixed, each = np.linalg.lstsq(columns, seen, rcond=None)[0]
    if each < 0:
        return float(np.average(y, weights=weights**2)), 0.0
    if fixed < 0:
        shares = columns[:, 1]
        return 0.0, float(shares @ seen / (shares @ shares))
    return float(fixed), float(each)
