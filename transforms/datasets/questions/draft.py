"""Draft: a question before it is known whether it stands alone, with the span of its answer."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.datasets.questions.page import Section, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question that a sentence, list, table or heading gives rise to."""

    text: str
    kind: str
    answer: Span
    section: Section
    since: int | None = None
    """Offset from which the chunk must hold the text for the answer to be found in it: a table's header."""
    alone: bool = False
    """Whether the maker itself named what the question is about."""
    rank: int = 5
    """How useful questions of this sort were found to be when read; lower is better."""
