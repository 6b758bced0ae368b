"""Support: a passage between others that answer the question is likelier to answer it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from transforms.rank import Hit, ranked

REACH = 4
"""Chunks before and after one that support it."""
STEPS = [step for step in range(-REACH, REACH + 1) if step]


def add_support(hits: Sequence[Hit], *, weight: float) -> list[Hit]:
    """Return the hits in a new order: each gains a share of the scores of the hits around it.

    It finds more in long documents, where what answers a question is seldom alone: figures in
    `infra/decisions/0028-chunks-by-length.md`.
    """
    if not weight:
        return list(hits)
    scores: dict[str, dict[int, float]] = defaultdict(dict)
    for hit in hits:
        scores[hit.row["document_id"]][hit.row["ordinal"]] = hit.score
    around = (_around(hit.row["ordinal"], scores[hit.row["document_id"]]) for hit in hits)
    return ranked(
        hit._replace(support=round(weight * score, 9)) if score else hit
        for hit, score in zip(hits, around, strict=True)
    )


def _around(ordinal: int, scores: dict[int, float]) -> float:
    if len(scores) == 1:
        return 0.0  # alone in its document, as most hits are
    return sum(scores.get(ordinal + step, 0.0) for step in STEPS)
