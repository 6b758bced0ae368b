"""Questions: what documents answer, made from their words alone, each with the span of its answer.

No language model is asked. Each module here knows one shape of text: sentences, headings, tables, terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.headings import from_heading
from transforms.datasets.questions.lexicon import Lexicon, lexicon
from transforms.datasets.questions.page import Section, sections
from transforms.datasets.questions.sentences import from_sentences
from transforms.datasets.questions.tables import from_table
from transforms.datasets.questions.terms import from_terms
from transforms.datasets.questions.wording import asked, fits, in_context, stands_alone

TEMPLATE = re.compile(r"template[^/]*$", re.IGNORECASE)
"""A form to be filled in answers nothing."""

__all__ = ["Lexicon", "Question", "lexicon", "questions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a document, and where in the document's text its answer stands."""

    text: str
    """Empty when no wording was found that stands alone."""
    kind: str
    since: int
    """Where what must be read to find the answer begins: a table's header, else the answer itself."""
    start: int
    end: int
    answer: str
    """`document.text[start:end]`."""
    rank: int
    headings: tuple[str, ...]


def questions(document: Mapping[str, Any], words: Lexicon) -> list[Question]:
    """Return the questions a row of the documents table answers, in the order of their answers."""
    found: dict[tuple[int, int], Question] = {}
    if TEMPLATE.search(document["uri"]):
        return []
    for section in sections(document):
        for draft in _drafts(section, words, document["text"]):
            made = _finished(draft, words)
            before = found.get((made.start, made.end))
            if before is None or (bool(made.text), -made.rank) > (bool(before.text), -before.rank):
                found[made.start, made.end] = made
    return [found[span] for span in sorted(found)]


def _drafts(section: Section, words: Lexicon, page: str) -> Iterator[Draft]:
    yield from from_heading(section, words, page)
    yield from from_sentences(section, words)
    yield from from_terms(section, words, page)
    for block in section.blocks:
        if block.kind == "table":
            yield from from_table(section, block, words, page)


def _finished(draft: Draft, words: Lexicon) -> Question:
    text: str | None = draft.text
    rank = draft.rank
    if not draft.alone and not stands_alone(draft.text, draft.section, words):
        text, rank = in_context(draft.text, draft.section, words), rank + 1
    text = asked(text) if text else ""
    return Question(
        text=text if fits(text) else "",
        kind=draft.kind,
        since=draft.answer.start if draft.since is None else draft.since,
        start=draft.answer.start,
        end=draft.answer.end,
        answer=draft.answer.text,
        rank=rank,
        headings=draft.section.headings,
    )
