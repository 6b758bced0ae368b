"""Lengths: how many tokens rows have, for a trainer's maximum length."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schemas.dataset import Example
from schemas.tools import Tokenizer
from transforms.datasets.sieves.texts import texts_of

QUANTILES = (0.5, 0.95, 0.99)


@dataclass(kw_only=True)
class Lengths:
    """Tokens of each row: of its texts, without what a chat template adds (a few for each message)."""

    tokenizer: Tokenizer
    counter: str
    """Whose tokens, in words."""
    tokens: array[int] = field(default_factory=lambda: array("q"))

    def add(self, example: Example) -> None:
        """Count one row."""
        self.tokens.append(self.tokenizer.count(["\n".join(texts_of(example))])[0])

    def told(self) -> dict[str, Any]:
        """Return the lengths as the manifest has them."""
        if not self.tokens:
            return {"tokenizer": self.counter, "total": 0}
        found = np.quantile(np.asarray(self.tokens), QUANTILES, method="higher")
        named = {f"p{round(100 * share)}": int(n) for share, n in zip(QUANTILES, found, strict=True)}
        return {"tokenizer": self.counter, "total": sum(self.tokens), **named, "max": max(self.tokens)}
