"""Lengths: how many tokens rows have, for a trainer's maximum length."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schemas.tools import Tokenizer

QUANTILES = (0.5, 0.95, 0.99)
NO_TEXT = ("role", "from", "_id")
"""Names of what no model learns: who speaks, which row it is."""


@dataclass(kw_only=True)
class Lengths:
    """Tokens of each row's texts as written, without what a chat template adds (a few for each message)."""

    tokenizer: Tokenizer
    counter: str
    """Whose tokens, in words."""
    tokens: array[int] = field(default_factory=lambda: array("q"))

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row, as its format has it."""
        self.tokens.append(self.tokenizer.count(["\n".join(_texts(row))])[0])

    def told(self) -> dict[str, Any]:
        """Return the lengths as the manifest has them."""
        if not self.tokens:
            return {"tokenizer": self.counter, "total": 0}
        found = np.quantile(np.asarray(self.tokens), QUANTILES, method="higher")
        named = {f"p{round(100 * share)}": int(n) for share, n in zip(QUANTILES, found, strict=True)}
        return {"tokenizer": self.counter, "total": sum(self.tokens), **named, "max": max(self.tokens)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in NO_TEXT:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
