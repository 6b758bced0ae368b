"""Coverage: a passage with all of a question's words is likelier to answer it than two that have half each.

BM25 adds up what each word is worth, and one rare word said often can outweigh that the others are missing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from transforms.rank import Hit, ranked

WORD = re.compile(r"\w+")
CANDIDATES = 50
"""Best hits whose words say how rare the question's words are, and that are worth more for them. To look at
all of them was no better on any set, and takes three times as long."""


class Shared(NamedTuple):
    """What a question shares with its best hits."""

    rarity: dict[str, float]
    """Each word of the question with its inverse document frequency among these hits."""
    held: dict[str, list[str]]
    """By chunk id: those of the words that the passage, its title or its headings have."""


def shared(question: str, hits: Sequence[Hit]) -> Shared:
    """Return the words that a question shares with each of the best hits, as they are written."""
    words = sorted(set(WORD.findall(question.casefold())))
    held = {hit.chunk_id: _held(words, hit) for hit in hits[:CANDIDATES]}
    holding, total = Counter(word for found in held.values() for word in found), len(held)
    rarity = {word: math.log(1 + (total - holding[word] + 0.5) / (holding[word] + 0.5)) for word in words}
    return Shared(rarity, held)


def add_coverage(hits: Sequence[Hit], words: Shared, *, weight: float) -> list[Hit]:
    """Return the hits in a new order: those looked at gain up to `weight` for the question's words they have.

    It is the square of their share by rarity: half of the words are worth a quarter. Figures, and what
    stemming would gain, in `infra/decisions/0007-retrieval-defaults.md`.
    """
    total = math.fsum(words.rarity.values())
    if not weight or not total:
        return list(hits)
    shares = {i: math.fsum(words.rarity[word] for word in held) / total for i, held in words.held.items()}
    return ranked(
        hit._replace(coverage=round(weight * share**2, 9)) if (share := shares.get(hit.chunk_id)) else hit
        for hit in hits
    )


def _held(words: Sequence[str], hit: Hit) -> list[str]:
    """Return those of `words` that a passage has as whole words."""
    row = hit.row
    text = " ".join([row.get("title") or "", *(row.get("headings") or ()), str(row["quote"])]).casefold()
    return [word for word in words if _has(text, word)]


def _has(text: str, word: str) -> bool:
    """Tell whether a word stands in a text by itself; quicker than to part the text into words."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (WORD.match(text, end) or (at and WORD.match(text, at - 1))):
            return True
        at = text.find(word, at + 1)
    return False
