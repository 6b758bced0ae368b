"""Names and values, in tables and records: which can be asked for, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Section, Span
from transforms.datasets.questions.wording import is_clean, is_generic, named, phrase
from transforms.datasets.questions.words import DAY, EVENTS, PREPOSITIONS, THIRD_PERSON, words_of

NAME_WORDS = 5
VALUE_CHARS = 400
POINTERS = words_of(
    "link links url urls slides recording video id no number notes comment comments date who what when "
    "where why how"
)
"""Last words of columns that point elsewhere, or say little."""

NO_NAME = (
    words_of("what how why which when where since until valid you we i they it")
    | PREPOSITIONS
    | {*EVENTS, *THIRD_PERSON}
)
DATES = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.IGNORECASE
)
EMPTY = words_of("- -- \u2013 \u2014 n/a na none no yes x \u2713 \u2714 tbd tba ? always never nothing") | {
    ""
}
"""Values that answer no question worth asking."""

PERSON = re.compile(
    r"(?:chair|lead|owner|author|contact|maintainer|liaison|approver|reviewer|manager|sponsor|host|speaker|member|"
    r"contact person|responsible|assignee|organizer|coordinator|nominee|candidate|mentor)(?:s|\(s\))?$",
    re.IGNORECASE,
)
"""Names of what is somebody."""

PREPOSITION = re.compile(rf" (?:{'|'.join(sorted(PREPOSITIONS))}) ")


def property_of(section: Section, name: str, value: Span, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield the question for one named value of what a page is about; `page` is the document's text."""
    if not is_name(name) or not is_value(value.text) or is_generic(section.title, lexicon):
        return
    subject = named((section.title or "").rstrip(".:?!"), page)
    text = f"{opening(name, value.text)} {written(name, lexicon)} of {subject}"
    yield Draft(text=text, kind="field", answer=value, section=section, alone=True, rank=1)


def written(name: str, lexicon: Lexicon) -> str:
    """Return a name as it is written inside a sentence: small, unless sentences show that it is proper."""
    name = name.removesuffix("(s)")
    words = name.split()
    if words[0].istitle() and lexicon.never_capital(words[0]):
        return phrase(words[0].lower() + name[len(words[0]) :], lexicon)
    return phrase(name, lexicon)


def opening(name: str, value: str) -> str:
    """Return how a question for a name begins: "What is the", "Who are the"."""
    head = PREPOSITION.split(name)[0]
    word = "Who" if PERSON.search(name) and not value[:1].isdigit() else "What"
    return f"{word} {'are' if is_plural(head) else 'is'} the"


def is_plural(name: str) -> bool:
    """Tell whether a name is a plural, by its end."""
    return name.endswith("s") and not name.endswith(("ss", "us", "is"))


def is_name(text: str) -> bool:
    """Tell whether a text can stand after "What is the": a noun, as far as its ends betray."""
    words = text.lower().split()
    if not words or len(words) > NAME_WORDS or not text[0].isupper() or text[-1] in ".:!?":
        return False
    if words[0] == "who":
        return len(words) > 1
    done = len(words) == 1 and words[0].endswith("ed")
    known = words[0] in NO_NAME or words[-1] in POINTERS | PREPOSITIONS or DATES.fullmatch(words[0])
    return not done and not known and not re.search(r"\d", text) and is_clean(text)


def is_value(text: str) -> bool:
    """Tell whether a value is worth asking for."""
    points = text.startswith(("http://", "https://")) or re.fullmatch(DAY, text)
    return text.lower() not in EMPTY and len(text) <= VALUE_CHARS and not points
