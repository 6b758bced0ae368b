"""Compare what a question found with it, token by token, and with what else it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.store.search import Passages
from schemas.tools import Embedder, EncodedQuestion, Vectors
from transforms.cluster import CANDIDATES as CLUSTERED
from transforms.cluster import add_cluster
from transforms.coverage import Shared
from transforms.maxsim import CANDIDATES, add_maxsim, maxsim, token_weights
from transforms.rank import Hit


@dataclass(slots=True)
class Reading:
    """A question as the index's embedder reads it, once: for its vector and for those of its tokens."""

    embedder: Embedder
    question: str
    encoded: EncodedQuestion | None = None

    def vector(self) -> Vectors:
        """Return the question's unit vector."""
        if not self.embedder.has_token_signs:
            return self.embedder.embed_query(self.question)
        self.encoded = self.embedder.encode_question(self.question)
        return self.encoded.vector

    def compared(self, hits: Sequence[Hit], words: Shared, passages: Passages, *, weight: float) -> list[Hit]:
        """Return the hits in a new order: the best of them gain by tokens that are like the question's."""
        if self.encoded is None or not weight:
            return list(hits)
        best = hits[:CANDIDATES]
        weights = token_weights(self.question, self.encoded.spans, words.rarity)
        scores = maxsim(self.encoded, weights, passages.token_signs([hit.row for hit in best]))
        ids = (hit.chunk_id for hit in best)
        return add_maxsim(hits, dict(zip(ids, scores, strict=True)), weight=weight)


def clustered(hits: Sequence[Hit], passages: Passages, *, weight: float) -> list[Hit]:
    """Return the hits in a new order: the best of them gain by the scores of those they are most like."""
    if not weight or not hits:
        return list(hits)
    return add_cluster(hits, passages.vectors([hit.row for hit in hits[:CLUSTERED]]), weight=weight)
