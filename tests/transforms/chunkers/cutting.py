"""Documents cut into chunks, and text to cut."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from schemas.document import Parsed
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings

WORDS = ("alpha", "beta", "gamma", "delta", "release", "table", "holiday", "invoice", "budget", "office")


def cut(parsed: Parsed, max_tokens: int = 256, **more: Any) -> list[dict[str, Any]]:
    outcome = chunk(documents([parsed]), Headings(max_tokens=max_tokens), tokenizer=word_pieces(), **more)
    rows: list[dict[str, Any]] = outcome.passed.to_pylist()
    return rows


def sentences(count: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    return " ".join(" ".join(rng.choices(WORDS, k=9)).capitalize() + f" {seed}-{n}." for n in range(count))


def quotes(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["quote"] for row in rows]
