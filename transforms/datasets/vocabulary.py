"""Vocabulary: the words of a dataset that the trainer's tokenizer does not know, and cuts to pieces."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.dataset import Example
from schemas.tools import Tokenizer
from transforms.datasets.sieves.texts import texts_of

TERM = re.compile(r"[^\W\d_][\w-]{3,}")
KEPT_WORDS = 200_000
"""Words that are counted at once; when there are more, those seen once are forgotten."""

LEAST_ROWS = 3
"""A word in fewer rows is no term of the field."""

PIECES = 3
"""From here on a word is cut badly: the model has to learn it letter by letter."""

LOOKED_AT = 5_000
TOLD_TERMS = 30


@dataclass(kw_only=True)
class Vocabulary:
    """Counts in how many rows a word is."""

    rows: Counter[str] = field(default_factory=Counter)

    def add(self, example: Example) -> None:
        """Count the words of one row."""
        self.rows.update({word for text in texts_of(example) for word in TERM.findall(text.lower())})
        if len(self.rows) > KEPT_WORDS:
            self.rows = Counter({word: n for word, n in self.rows.items() if n > 1})

    def told(self, tokenizer: Tokenizer) -> dict[str, Any]:
        """Return how the tokenizer cuts the dataset's words, and which of the frequent ones worst."""
        terms = [(w, n) for w, n in self.rows.items() if n >= LEAST_ROWS]
        terms = sorted(terms, key=lambda term: (-term[1], term[0]))[:LOOKED_AT]
        pieces = {word: len(tokenizer.offsets(word)) for word, _ in terms}
        bad = sorted(
            ((word, n) for word, n in terms if pieces[word] >= PIECES),
            key=lambda term: (-term[1] * (pieces[term[0]] - 1), term[0]),
        )
        return {
            "terms": len(terms),
            "pieces_per_term": round(sum(pieces.values()) / len(terms), 2) if terms else None,
            "split_badly": len(bad),
            "worst": [{"term": w, "rows": n, "pieces": pieces[w]} for w, n in bad[:TOLD_TERMS]],
        }
