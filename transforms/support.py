"""Support: a passage between others that answer the question is likelier to answer it."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.rank import Hit, ranked


def add_support(hits: Sequence[Hit], *, weight: float) -> list[Hit]:
    """Return the hits in a new order: each gains a share of the better one of its two neighbors' scores.

    It finds more in long documents and costs short ones a little: figures in
    `infra/decisions/0007-retrieval-defaults.md`.
    """
    if not weight:
        return list(hits)
    scores = {(hit.row["document_id"], hit.row["ordinal"]): hit.score for hit in hits}
    beside = (_beside(hit, scores) for hit in hits)
    return ranked(
        hit._replace(support=round(weight * score, 9)) if score else hit
        for hit, score in zip(hits, beside, strict=True)
    )


def _beside(hit: Hit, scores: dict[tuple[str, int], float]) -> float:
    document, ordinal = hit.row["document_id"], hit.row["ordinal"]
    return max(scores.get((document, ordinal - 1), 0.0), scores.get((document, ordinal + 1), 0.0))
