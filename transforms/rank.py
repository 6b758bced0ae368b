"""Ranking: two legs become one order, and what says the same twice is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from transforms.margin import weight_by_margin

WORD = re.compile(r"\w+")
SHINGLE_WORDS = 3
NEAR_DUPLICATE = 0.8
"""Share of common three-word runs from which two passages count as the same one."""


class Hit(NamedTuple):
    """A chunk that a query found, with its place in each leg.

    A named tuple, since every question makes and changes some hundreds: four times as fast as a frozen class.
    """

    row: dict[str, Any]
    fused: float
    """Weighted sum of both legs' scores, each scaled to 0..1."""
    vector_score: float | None = None
    vector_rank: int | None = None
    keyword_score: float | None = None
    keyword_rank: int | None = None
    named: float = 0.0
    """Gained because the question names the document."""
    coverage: float = 0.0
    """Gained because the passage has the question's words."""
    maxsim: float = 0.0
    """Gained because its tokens are like the question's."""
    cluster: float = 0.0
    """Gained from the hits it is most like."""
    support: float = 0.0
    """Gained from the passages beside it."""
    freshness: float = 1.0
    """What is left of it after its source's half-lives."""
    reranked: float | None = None
    """What a reranker made of it."""
    placed: float | None = None
    """The score it has for that."""

    @property
    def score(self) -> float:
        """What hits are ranked by."""
        if self.placed is not None:
            return self.placed
        gained = self.named + self.coverage + self.maxsim + self.cluster + self.support
        return round((self.fused + gained) * self.freshness, 9)

    @property
    def chunk_id(self) -> str:
        """The chunk's id, which breaks ties."""
        return str(self.row["chunk_id"])


def fuse(
    vector: pa.Table, keyword: pa.Table, *, vector_weight: float, margin_weight: float = 0.0
) -> list[Hit]:
    """Return the hits of both legs, best first: a weighted sum of each leg's scores scaled to 0..1.

    The vector leg weighs up to `margin_weight` of itself more where its nearest hits stand out.

    Reciprocal rank fusion with k=60 was below the better leg on sets of short chats and of long texts; a
    weighted sum was not, and no other scaling of the scores (by their maximum, by their deviation) was
    better. A hit that one leg did not find scores 0 there.
    """
    rows: dict[str, dict[str, Any]] = {}
    places: dict[str, dict[str, tuple[int, float, float]]] = {"vector": {}, "keyword": {}}
    for name, leg in (("vector", vector), ("keyword", keyword)):
        scores = leg["score"].to_pylist()
        low, high = (min(scores), max(scores)) if scores else (0.0, 0.0)
        for rank, row in enumerate(leg.drop_columns(["score"]).to_pylist(), start=1):
            scaled = (scores[rank - 1] - low) / (high - low) if high > low else 1.0
            rows.setdefault(row["chunk_id"], row)
            places[name][row["chunk_id"]] = (rank, scores[rank - 1], scaled)
    weight = weight_by_margin(vector, vector_weight=vector_weight, margin_weight=margin_weight)
    hits = [_hit(row, places["vector"].get(i), places["keyword"].get(i), weight) for i, row in rows.items()]
    return ranked(hits)


def ranked(hits: Iterable[Hit]) -> list[Hit]:
    """Return hits, best first, ties by chunk_id."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))


def spread(scores: Sequence[float], weight: float) -> list[float]:
    """Return what each score gains: the best of them the weight, the worst nothing; all nothing if even."""
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [round(weight * (score - low) / (high - low), 9) if high > low else 0.0 for score in scores]


def near_duplicates(hits: Sequence[Hit]) -> set[str]:
    """Return the chunk ids of hits that repeat a better one, word for word or nearly."""
    said = Said()
    return {hit.chunk_id for hit in hits if said.before(str(hit.row["quote"]))}


class Said:
    """What was said so far, to tell what says it again, word for word or nearly."""

    def __init__(self) -> None:
        self._said: list[frozenset[tuple[str, ...]]] = []

    def before(self, text: str) -> bool:
        """Tell whether a text was said before; it is from now on."""
        shingles = _shingles(text)
        if any(_overlap(shingles, other) >= NEAR_DUPLICATE for other in self._said):
            return True
        self._said.append(shingles)
        return False


def _hit(
    row: dict[str, Any],
    vector: tuple[int, float, float] | None,
    keyword: tuple[int, float, float] | None,
    weight: float,
) -> Hit:
    score = weight * (vector[2] if vector else 0.0) + (1 - weight) * (keyword[2] if keyword else 0.0)
    return Hit(
        row=row,
        fused=round(score, 9),
        vector_score=vector[1] if vector else None,
        vector_rank=vector[0] if vector else None,
        keyword_score=keyword[1] if keyword else None,
        keyword_rank=keyword[0] if keyword else None,
    )


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    if len(words) <= SHINGLE_WORDS:
        return frozenset([tuple(words)])
    return frozenset(zip(*(words[first:] for first in range(SHINGLE_WORDS)), strict=False))


def _overlap(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    if min(len(one), len(other)) < NEAR_DUPLICATE * max(len(one), len(other)):
        return 0.0  # the smaller one cannot hold enough of the larger: no need to compare them
    both = len(one & other)
    return both / (len(one) + len(other) - both)
