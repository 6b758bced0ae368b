"""Reranking: a cross-encoder that reads the question with each of the best passages, and how long it may."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.section import Section


class RerankSection(Section):
    """Which cross-encoder puts the best passages in order, and how long it may take."""

    model: Annotated[str, Field(min_length=1)]
    """A model's name or the folder it is in."""
    revision: str | None = None
    depth: Annotated[int, Field(ge=2, le=200)] = 30
    """So many of the best passages are read; those behind them stay as they are."""
    budget_ms: Annotated[float, Field(gt=0)] | None = 200.0
    """What it may take of a question. Beyond, the passages stand as they were; null waits for it."""
    device: str = "auto"
