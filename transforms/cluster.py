"""Cluster: what answers one question is alike, so a hit that is most like good hits is likelier good itself.

The cluster hypothesis (van Rijsbergen, Information Retrieval, 1979), as scores that are smoothed over each
hit's nearest ones (Diaz, Regularizing Ad Hoc Retrieval Scores, 2005).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemas.tools import Vectors
from transforms.products import products
from transforms.rank import Hit, ranked, spread

CANDIDATES = 100
"""Best hits that are smoothed; figures in `infra/decisions/0030-scores-of-the-nearest.md`."""
NEAREST = 5
SHARPNESS = 20.0
"""How fast a nearest one counts for less: one whose cosine is .05 lower counts e times less."""
DIGITS = 6
"""Of a cosine: what 32 bits hold."""


def add_cluster(hits: Sequence[Hit], vectors: Vectors, *, weight: float) -> list[Hit]:
    """Return the hits in a new order: those looked at gain up to `weight` for the scores of their nearest.

    `vectors` are of the first hits, in their order, each of length 1. The best of them gains all of it and
    the worst none.
    """
    best = hits[: len(vectors)]
    if not weight or not best[1:]:
        return list(hits)
    gains = spread(scores_around(vectors, [hit.score for hit in best]), weight)
    if not any(gains):
        return list(hits)
    gaining = [hit._replace(cluster=gain) for hit, gain in zip(best, gains, strict=True)]
    return ranked([*gaining, *hits[len(best) :]])


def scores_around(vectors: Vectors, scores: Sequence[float]) -> list[float]:
    """Return for each of at least two scores the mean of its nearest ones, the nearer the more."""
    # A vector without a direction is not a number, and near to none.
    cosines = np.round(np.nan_to_num(products(vectors, vectors).astype(np.float64)), DIGITS)
    np.fill_diagonal(cosines, -np.inf)
    count = min(NEAREST, len(scores) - 1)
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    shares = np.exp(SHARPNESS * np.take_along_axis(cosines, nearest, axis=1))
    means = (shares * np.asarray(scores)[nearest]).sum(axis=1) / shares.sum(axis=1)
    return [float(mean) for mean in means]
