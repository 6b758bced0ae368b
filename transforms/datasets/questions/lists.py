"""Lists under a heading: the steps of a procedure, who is in a group, what there is of something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transforms.datasets.questions.cells import PERSON, is_plural
from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Block, Section, Span, is_ordered, lists
from transforms.datasets.questions.wording import is_generic, named, phrase

ITEMS = (2, 12)
ANSWER_CHARS = (30, 900)
WORDS_AN_ITEM = 3
HEADING_WORDS = 4
PAPERS = re.compile(
    r"\b(?:guide|policy|handbook|charter|process|report|manual|plan|resources|guidelines|statement)$",
    re.IGNORECASE,
)
"""Titles of papers: what they list is not theirs."""


def from_lists(section: Section, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield the question that a section's first list answers; `page` is the document's text."""
    for items in lists(section.blocks):
        start, end = items[0].start, items[-1].end
        if ITEMS[0] <= len(items) <= ITEMS[1] and ANSWER_CHARS[0] <= end - start <= ANSWER_CHARS[1]:
            yield from _of_list(section, items, Span(page[start:end], start), lexicon, page)
            return


def _of_list(
    section: Section, items: Sequence[Block], answer: Span, lexicon: Lexicon, page: str
) -> Iterator[Draft]:
    heading = section.heading.strip()
    topic = phrase(heading, lexicon).removeprefix("the ")
    if is_ordered(items) and heading.split()[0].endswith("ing"):
        text = f"What are the steps for {_object(topic, section, page)}"
        yield Draft(text=text, kind="procedure", answer=answer, section=section, rank=0)
    elif is_generic(section.title, lexicon):
        return
    elif PERSON.fullmatch(heading):
        text = f"Who are the {heading.lower()} of {named(section.title or '', page)}"
        yield Draft(text=text, kind="list", answer=answer, section=section, alone=True, rank=1)
    elif _names_things(heading) and not is_ordered(items) and _says_something(items):
        text = _what_are(topic, section, page)
        yield Draft(text=text, kind="list", answer=answer, section=section, alone=True, rank=2)


def _object(topic: str, section: Section, page: str) -> str:
    """Return "installing" with what is installed: the thing that the page is about."""
    return topic if " " in topic else f"{topic} {named(section.title or '', page)}"


def _what_are(topic: str, section: Section, page: str) -> str:
    owner = named(section.title or "", page)
    if owner != section.title and not PAPERS.search(owner):
        return f"{'Who' if PERSON.search(topic) else 'What'} are the {topic} of {owner}"
    return f'What {topic} does "{section.title}" list'


def _names_things(heading: str) -> bool:
    words = heading.split()
    if "," in heading and " and " not in heading:
        return False
    return len(words) <= HEADING_WORDS and is_plural(words[-1].lower()) and not words[0].endswith("ing")


def _says_something(items: Sequence[Block]) -> bool:
    """Tell whether a list has words, not only links, names of files or years."""
    words = [len(re.findall(r"[^\W\d_]{2,}", item.text)) for item in items]
    return sum(words) >= WORDS_AN_ITEM * len(items)
