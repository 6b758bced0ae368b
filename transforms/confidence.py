"""Confidence: how sure retrieval is that a question can be answered at all, from what its two legs found."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.rank import Hit


def confidence(question: str, hits: Sequence[Hit]) -> float:  # noqa: ARG001
    """Return a score from 0 to 1: the best passage's cosine similarity to the question."""
    return max([0.0, *(hit.vector_score or 0.0 for hit in hits)])


SIGNALS = {"similarity": confidence}
