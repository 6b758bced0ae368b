"""Margin: where the nearest passages stand out from the next, nearness says more than common words do."""

from __future__ import annotations

import pyarrow as pa

NTH = 10
"""The hit that the nearest one is compared with."""
LEAST, MOST = 0.1, 0.25
"""Margins, as differences of cosine similarities, from which the weight begins to grow and where it ends."""


def weight_by_margin(vector: pa.Table, *, vector_weight: float, margin_weight: float) -> float:
    """Return what the vector leg weighs for one question: up to `margin_weight` of itself more, at most 1.

    `vector` is the leg's hits, nearest first, with a `score`. Where all of them are about as near, it stays
    as it is: figures in `infra/decisions/0028-chunks-by-length.md`.
    """
    scores = vector["score"].slice(0, NTH).to_pylist()
    margin = scores[0] - scores[-1] if scores else 0.0
    grown = min(1.0, max(0.0, (margin - LEAST) / (MOST - LEAST)))
    return min(1.0, vector_weight * (1 + margin_weight * grown))
