"""Repeats: rows that say what another row says already, word for word, nearly, or in other words.

Memory grows with the rows that are kept: 64 numbers for each, and where meaning is compared a vector for
each part of it that the embedder reads at once. These have a limit, and what is past it is compared by words
alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from schemas.tools import Tokenizer, Vectors
from transforms.datasets.duplicates import question_key
from transforms.datasets.sieves.texts import gist
from transforms.datasets.signatures import index_of, signature_of, words

if TYPE_CHECKING:
    from datasketch import MinHash

COMPARED_VECTORS = 100_000
"""Vectors that are kept: 150 MB of 384 numbers each."""

PART = 3 / 4
"""Of what the embedder reads at once: a word that is cut may have more tokens than it had."""

SURELY_NEAR = 0.95
"""What the check after the fact calls straddling: 64 permutations tell a share to within .05."""


class Embeds(Protocol):
    """Turns texts into unit vectors."""

    max_tokens: int
    tokenizer: Tokenizer

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text."""
        ...


class Exact:
    """Refuses what asks the same as an earlier row, or is the same text.

    `asked_again`: that the same is asked is no repeat, as where people ask and judge.
    """

    def __init__(self, *, asked_again: bool = False) -> None:
        self._seen: dict[str, str] = {}
        self._asked_again = asked_again

    def __call__(self, example: Example) -> Example | Refused:
        """Return the example, unless it is there already."""
        key = (example.row_id,) if self._asked_again else question_key(example.question)
        asks = digest("asks", *key)
        says = digest("says", *words(gist(example)))
        first = self._seen.get(asks) or self._seen.get(says)
        if first is not None:
            return refused(Refusal.DUPLICATE, example, first)
        self._seen[asks] = self._seen[says] = example.row_id
        return example


class Near:
    """Refuses what shares most runs of words with an earlier row (MinHash)."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._index = index_of(share)
        self._signatures: dict[str, MinHash] = {}

    def __call__(self, example: Example) -> Example | Refused:
        """Return the example, unless one before it is nearly the same."""
        signature = signature_of(gist(example))
        near = [
            row
            for row in sorted(self._index.query(signature))
            if self._signatures[row].jaccard(signature) >= self._share
        ]
        if near:
            return refused(Refusal.NEAR_DUPLICATE, example, near[0])
        self._index.insert(example.row_id, signature, check_duplication=False)
        self._signatures[example.row_id] = signature
        return example


class Similar:
    """Refuses what means the same as an earlier row, as far as an embedder can tell.

    Of a row that is longer than the embedder reads, every part has to be near some part of that one row.
    """

    def __init__(self, cosine: float, embedder: Embeds) -> None:
        self._cosine, self._embedder = cosine, embedder
        self._vectors = np.empty((0, 0), dtype=np.float32)
        self._count = 0
        self._rows: list[str] = []
        self._starts = array("q")

    def __call__(self, example: Example) -> Example | Refused:
        """Return the example, unless one before it is as near as the limit."""
        vectors = self._embedder.embed_documents(self._parts(gist(example)))
        cosine, first = self._nearest(vectors)
        if cosine >= self._cosine:
            return refused(Refusal.SAME_MEANING, example, first)
        if self._count < COMPARED_VECTORS:
            self._keep(vectors, example.row_id)
        return example

    def _parts(self, text: str) -> list[str]:
        """Return a text in parts that the embedder reads whole."""
        tokenizer, most = self._embedder.tokenizer, self._embedder.max_tokens
        if tokenizer.count([text])[0] <= most:
            return [text]
        starts = [0, *(start for start, _ in tokenizer.offsets(text)[:: int(most * PART)][1:])]
        return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]

    def _nearest(self, vectors: Vectors) -> tuple[float, str]:
        """Return the nearest row, and the cosine of the part of these that is least near to it."""
        if not self._rows:
            return -1.0, ""
        near = self._vectors[: self._count] @ vectors.T
        least = np.maximum.reduceat(near, np.frombuffer(self._starts, dtype=np.int64), axis=0).min(axis=1)
        first = int(np.argmax(least))
        return float(least[first]), self._rows[first]

    def _keep(self, vectors: Vectors, row_id: str) -> None:
        count = self._count + len(vectors)
        if count > len(self._vectors):
            grown = np.empty((max(256, 2 * count), vectors.shape[1]), dtype=np.float32)
            grown[: self._count] = self._vectors[: self._count].reshape(-1, vectors.shape[1])
            self._vectors = grown
        self._vectors[self._count : count] = vectors
        self._starts.append(self._count)
        self._rows.append(row_id)
        self._count = count


class Straddling:
    """Looks, after the fact, for rows that are in one split and nearly also in another."""

    def __init__(self) -> None:
        self._index = index_of(SURELY_NEAR)
        self._rows: dict[str, tuple[str, str, MinHash]] = {}
        self.pairs: list[tuple[str, str]] = []
        """Ids of rows that should not have been told apart."""

    def add(self, split: str, example: Example) -> None:
        """Compare a row with those of other splits."""
        signature = signature_of(gist(example))
        for key in sorted(self._index.query(signature)):
            there, row_id, other = self._rows[key]
            if there != split and other.jaccard(signature) >= SURELY_NEAR:
                self.pairs.append((row_id, example.row_id))
        key = str(len(self._rows))
        self._index.insert(key, signature, check_duplication=False)
        self._rows[key] = split, example.row_id, signature


def refused(reason: Refusal, example: Example, because: str) -> Refused:
    """Return that an example is refused, and because of what."""
    return Refused(reason=reason, document_id=example.document_id, row_id=example.row_id, because=because)
