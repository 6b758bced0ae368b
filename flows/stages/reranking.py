"""Rerank what a question found, within the time that its context view gives it."""

from __future__ import annotations

from collections.abc import Sequence

from flows.workspace import Workspace
from schemas.rerank import RerankSection
from transforms.rank import Hit
from transforms.rerank import by_reading, read_with


def reranked(
    workspace: Workspace, section: RerankSection | None, question: str, hits: Sequence[Hit]
) -> tuple[list[Hit], tuple[str, ...]]:
    """Return the hits as the reranker orders them, and what a reader should know of it.

    Over its budget, or without a reranker, they stand as they were. Loading the model is not in the budget.
    """
    if section is None or not hits:
        return list(hits), ()
    reranker = workspace.reranker_for(section)
    within_s = None if section.budget_ms is None else section.budget_ms / 1_000
    scores = reranker.scores(question, read_with(hits[: section.depth]), within_s=within_s)
    if scores is None:
        return list(hits), (f"not reranked: {section.model} took longer than {section.budget_ms:g} ms",)
    return by_reading(hits, scores), ()
