"""Questions that one sentence answers.

There is no grammar here, only shapes of sentences that can be turned into a question by moving words. What
fits no shape gives no question: a question less costs nothing, a wrong one costs trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.datasets.questions import conditions, facts, numbers
from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Section, Span, sentences, without_bullet
from transforms.datasets.questions.parts import Made, Shape
from transforms.datasets.questions.wording import is_clean
from transforms.datasets.questions.words import BAD_STARTS, THIRD_PERSON

WORDS = (5, 60)
SPOKEN = re.compile(r"\b(?:I|I'm|I've|I'd|my|me|TBD|TODO|lol|imho)\b")
"""Words of somebody speaking of themselves, or not done yet."""

SHAPES: tuple[Shape, ...] = (
    conditions.condition,
    conditions.purpose,
    numbers.within,
    numbers.how_many,
    numbers.when,
    conditions.reason,
    facts.meaning,
    facts.definition,
    facts.place,
    facts.who,
    facts.permission,
    facts.what,
)
"""The narrow ones first: the first that fits makes the question."""


def from_sentences(section: Section, lexicon: Lexicon) -> Iterator[Draft]:
    """Yield the questions that single sentences of a section answer, at most one for each."""
    for block in section.blocks:
        if block.kind not in ("paragraph", "list_item") or lexicon.is_boilerplate(block.text):
            continue
        for sentence in sentences(without_bullet(block) if block.kind == "list_item" else block):
            if made := from_sentence(sentence, lexicon):
                yield Draft(text=made.text, kind=made.kind, answer=sentence, section=section, rank=made.rank)


def from_sentence(sentence: Span, lexicon: Lexicon) -> Made | None:
    """Return the question that a sentence answers, or None."""
    text = sentence.text
    words = text.split()
    if not WORDS[0] <= len(words) <= WORDS[1] or not text.endswith(".") or not text[0].isupper():
        return None
    first = words[0].strip("\"',").lower()
    if first in BAD_STARTS or first in THIRD_PERSON or SPOKEN.search(text):
        return None
    made = (shape(text[:-1], lexicon) for shape in SHAPES)
    return next((one for one in made if one and is_clean(one.text)), None)
