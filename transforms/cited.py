"""Where an answer cites: the numbers in square brackets that it was asked to write."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

NUMBERS = re.compile(r"\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]")
"""One number in brackets, or several as some models write them: [1], [1, 3]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A citation in an answer: `answer[start:end]` cites passage `n`."""

    n: int
    start: int
    end: int


def marks(answer: str, shown: Collection[int]) -> tuple[Mark, ...]:
    """Return where an answer cites one of the passages that were shown; a number nobody showed is no mark."""
    return tuple(
        Mark(n=n, start=found.start(), end=found.end())
        for found in NUMBERS.finditer(answer)
        for n in map(int, found.group(1).split(","))
        if n in shown
    )


def cited(answer: str, shown: Collection[int]) -> tuple[int, ...]:
    """Return the passages that an answer cites, each once, in their order."""
    return tuple(sorted({mark.n for mark in marks(answer, shown)}))
