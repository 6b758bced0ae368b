"""Hits and stored documents to assemble from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from transforms.rank import Hit

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Words:
    """Counts words: enough of a tokenizer to fill a budget. `calls` are the texts of each call."""

    calls: list[int]

    def count(self, texts: Sequence[str]) -> list[int]:
        self.calls.append(len(texts))
        return [len(text.split()) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def row(name: str, quote: str, **more: Any) -> dict[str, Any]:
    """Return a chunk that is the whole of its document."""
    return {
        "chunk_id": name,
        "document_id": f"d-{name}",
        "source": "s",
        "uri": f"file:{name}",
        "title": "Title",
        "headings": ["Title", "Part"],
        "page": None,
        "ordinal": 0,
        "start": 0,
        "end": len(quote),
        "quote": quote,
        "source_at": NOW,
        "status": "live",
        "labels": [],
        "tokens": len(quote.split()),
    } | more


def hit(name: str, quote: str, *, similarity: float = 0.9, **more: Any) -> Hit:
    """Return a hit of the vector leg."""
    return Hit(row=row(name, quote, **more), fused=similarity, vector_score=similarity, vector_rank=1)


def pieces(
    document: str, quotes: Sequence[str], *, between: str = "\n\n", **more: Any
) -> list[dict[str, Any]]:
    """Return the chunks of one document, `between` each of them."""
    rows, at = [], 0
    for n, quote in enumerate(quotes):
        place = {"document_id": document, "ordinal": n, "start": at, "end": at + len(quote)}
        rows.append(row(f"{document}-{n}", quote, **{**place, "uri": f"file:{document}", **more}))
        at += len(quote) + len(between)
    return rows


def as_hit(chunk: dict[str, Any], score: float) -> Hit:
    """Return a chunk as a hit of the vector leg."""
    return Hit(row=chunk, fused=score, vector_score=score, vector_rank=1)


def unit_vectors(seed: int, count: int, width: int) -> np.ndarray:
    """Return vectors of length 1 that point anywhere, shape (count, width)."""
    found = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)
