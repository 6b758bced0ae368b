"""Coverage: a passage with all of a question's words is likelier to answer it than two that have half each.

BM25 adds up what each word is worth, and one rare word said often can outweigh that the others are missing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from transforms.rank import Hit, ranked

WORD = re.compile(r"\w+")
CANDIDATES = 50
"""Best hits whose words say how rare the question's words are; more of them tell no better."""


def add_coverage(hits: Sequence[Hit], question: str, *, weight: float) -> list[Hit]:
    """Return the hits in a new order: each gains up to `weight` for the question's words it has.

    It is the square of their share by rarity: half of the words are worth a quarter. Words are compared as
    they are written, in any language; stemming them gained nothing. Figures in
    `infra/decisions/0007-retrieval-defaults.md`.
    """
    weights = rarity(question, hits) if weight else {}
    total = math.fsum(weights.values())
    if not total:
        return list(hits)
    shares = (math.fsum(weights[word] for word in held(weights, hit)) / total for hit in hits)
    return ranked(
        hit._replace(coverage=round(weight * share**2, 9)) for hit, share in zip(hits, shares, strict=True)
    )


def rarity(question: str, hits: Sequence[Hit]) -> dict[str, float]:
    """Return each word of the question with its inverse document frequency among the candidates."""
    words = sorted(set(WORD.findall(question.casefold())))
    holding = Counter(word for hit in hits[:CANDIDATES] for word in held(words, hit))
    total = len(hits[:CANDIDATES])
    return {word: math.log(1 + (total - holding[word] + 0.5) / (holding[word] + 0.5)) for word in words}


def held(words: Iterable[str], hit: Hit) -> list[str]:
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
