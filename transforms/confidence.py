"""Confidence: how sure retrieval is that a question can be answered at all, from what its two legs found."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from transforms.coverage import Shared, shared
from transforms.rank import Hit

SATURATION = 2.2
"""k1 + 1 with the k1 = 1.2 of the store's BM25: what a word's weight grows to when it is repeated."""


def confidence(question: str, hits: Sequence[Hit], words: Shared | None = None) -> float:
    """Return a score from 0 to 1: the mean of `similarity` and `keyword_share`.

    Either is fooled alone: by a passage on the same subject that says nothing of it, by one that shares
    words with it. On questions whose document was removed their mean told more kinds apart than each
    (`tests/benchmarks/abstention.py`), without a weight that was fitted to a set.
    """
    return (similarity(question, hits) + keyword_share(question, hits, words)) / 2


def similarity(question: str, hits: Sequence[Hit]) -> float:  # noqa: ARG001 - signals are asked alike
    """Return the cosine similarity of the nearest passage, 0 where it points away."""
    return min(1.0, max([0.0, *(hit.vector_score or 0.0 for hit in hits)]))


def keyword_share(question: str, hits: Sequence[Hit], words: Shared | None = None) -> float:
    """Return the best keyword score beside the most that any passage could have for this question.

    That is BM25's sum over the question's words with each saturated (Robertson and Zaragoza 2009), their
    rarity taken among the candidates: common words weigh nothing there, in whatever language.
    """
    best = max((hit.keyword_score or 0.0 for hit in hits), default=0.0)
    most = SATURATION * math.fsum((words or shared(question, hits)).rarity.values())
    return min(1.0, best / most) if most else 0.0


def covered(question: str, hits: Sequence[Hit]) -> float:
    """Return the largest share of the question's words, by rarity, that one passage has."""
    words = shared(question, hits)
    total = math.fsum(words.rarity.values())
    found = (math.fsum(words.rarity[word] for word in held) for held in words.held.values())
    return max(found, default=0.0) / total if total else 0.0


def agreement(question: str, hits: Sequence[Hit]) -> float:  # noqa: ARG001
    """Return the share of either leg's first ten that is in the other's first ten too."""
    both = sum((hit.vector_rank or 99) <= 10 and (hit.keyword_rank or 99) <= 10 for hit in hits)  # noqa: PLR2004
    return min(1.0, both / 10)


def margin(question: str, hits: Sequence[Hit]) -> float:  # noqa: ARG001
    """Return by how much the nearest passage is nearer than the mean of the next five."""
    scores = sorted((hit.vector_score for hit in hits if hit.vector_score is not None), reverse=True)
    return min(1.0, max(0.0, scores[0] - sum(scores[1:6]) / 5)) if len(scores) > 5 else 0.0  # noqa: PLR2004


SIGNALS: dict[str, Callable[[str, Sequence[Hit]], float]] = {
    "similarity": similarity,
    "keyword_share": keyword_share,
    "covered": covered,
    "agreement": agreement,
    "margin": margin,
    "confidence": confidence,
}
"""What was tried, to be compared again when the legs change."""
