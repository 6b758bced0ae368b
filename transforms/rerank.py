"""Rerank: the best hits in the order that a closer reading gives them."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.choose import heading
from transforms.rank import Hit, ranked


def read_with(hits: Sequence[Hit]) -> list[str]:
    """Return what a reranker reads of each hit: its title, its headings, its text."""
    parts = ((hit.row["title"], heading(hit.row), hit.row["quote"]) for hit in hits)
    return ["\n".join(str(part) for part in mine if part) for mine in parts]


def by_reading(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    """Return the hits with the first ones, as many as there are scores, in the order of those.

    They share out the scores they had, the highest to the best of them: so what stands behind them, and the
    passages beside them, are weighed as before.
    """
    first = list(zip(hits, scores, strict=False))
    given = sorted((hit.score for hit, _ in first), reverse=True)
    order = sorted(first, key=lambda one: (-one[1], one[0].chunk_id))
    placed = [hit._replace(reranked=score, placed=at) for (hit, score), at in zip(order, given, strict=True)]
    return [*placed, *ranked(hits[len(first) :])]
