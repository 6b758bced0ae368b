"""A search for the interfaces that want passages and no prompt: a context, of so many passages."""

from __future__ import annotations

from schemas.context import BUDGET_TOKENS, Citation, Context
from schemas.serve import ServeSection

PASSAGE_TOKENS = 600
"""What a passage with its neighbors takes at most, nearly always."""


def budget_for(top_k: int, section: ServeSection) -> int:
    """Return the budget that so many passages fit into, within what the server allows."""
    return min(max(2_000, top_k * PASSAGE_TOKENS), section.max_budget_tokens, BUDGET_TOKENS)


def best_first(found: Context, *, least: float = 0.0) -> list[Citation]:
    """Return the passages of a context by their score, whatever their order in its prompt."""
    return sorted((one for one in found.citations if one.score >= least), key=lambda one: -one.score)
