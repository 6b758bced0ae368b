"""Support: a passage between others that answer the question is likelier to answer it."""

from __future__ import annotations

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
    scores = {(hit.row["document_id"], hit.row["ordinal"]): hit.score for hit in hits}
    around = (_around(hit, scores) for hit in hits)
    return ranked(
        hit._replace(support=round(weight * score, 9)) if score else hit
        for hit, score in zip(hits, around, strict=True)
    )


def _around(hit: Hit, scores: dict[tuple[str, int], float]) -> float:
    document, ordinal = hit.row["document_id"], hit.row["ordinal"]
    return sum(scores.get((document, ordinal + step), 0.0) for step in STEPS)
