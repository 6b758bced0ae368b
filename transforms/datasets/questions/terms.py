"""Questions that one `term: explanation` answers, in a list or in a record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.datasets.questions.cells import PERSON, is_plural, property_of
from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.headings import ANSWERS, is_minutes
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Block, Section, Span, without_bullet
from transforms.datasets.questions.wording import inside, is_clean, is_generic, named
from transforms.datasets.questions.words import DAY, IMPERATIVES

PAIR = re.compile(r"(?P<term>[^:\n.!?;]{2,50}):\s+(?P<value>\S.*)", re.DOTALL)
GLOSSARY = re.compile(r"glossary|terms|terminology|definitions|vocabulary|words", re.IGNORECASE)
MEETS = re.compile(rf"{DAY}s? at \d")
TERM_WORDS = 6
VALUE_WORDS = 6
LONG_CHARS = 5
NO_TERM = re.compile(
    r"(?:examples?|steps?|phase|weeks?|days?|part|question|answer|(?:stretch )?goals?|option|case|notes?|"
    r"important|warning|caution|tip|hint|todo|update|fix|fixes|fixed|feature|bug|q|a|see|see also|pros?|"
    r"cons?|e\.g|i\.e|for example|optional|required|recommended|ideally|yes|no|added|changed|removed|new|"
    r"known|deprecated|improved|date|time|when|where|who|what|why|how|action item) ?\d*",
    re.IGNORECASE,
)
"""What stands before a colon and names nothing."""

NO_PROPERTY = re.compile(
    r"^(?:id|key|name|title|subject|body|text|description|question|summary|messages.*)$|_(?:id|no|at|key)$|\.",
    re.IGNORECASE,
)
"""Columns that name a record, or repeat it, instead of saying something of it."""

PROPERTY_CHARS = 300


def from_terms(section: Section, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield a question for each list item or field that names a term and says what it is."""
    for block in section.blocks:
        if block.kind not in ("list_item", "field"):
            continue
        item = without_bullet(block)
        found = PAIR.fullmatch(item.text)
        if found and (block.kind == "field" or _is_term(found["term"])):
            value = item.inner(found.start("value"), len(item.text))
            yield from _of_term(section, block, item, found["term"].strip(), value, lexicon, page)


def _of_term(
    section: Section, block: Block, item: Span, term: str, value: Span, lexicon: Lexicon, page: str
) -> Iterator[Draft]:
    if block.kind == "field":
        yield from _of_field(section, term, value, lexicon, page)
    elif PERSON.fullmatch(term) and is_plural(term):
        yield from property_of(section, term, value, lexicon, page)
    elif GLOSSARY.search(" ".join((section.title or "", *section.headings))):
        text = f'What does "{inside(term, lexicon)}" mean'
        yield Draft(text=text, kind="term", answer=item, section=section, rank=0)
    elif is_generic(section.title, lexicon):
        return
    elif MEETS.match(value.text):
        text = f"When is the {inside(term, lexicon)} of {named(section.title or '', page)}"
        yield Draft(text=text, kind="time", answer=item, section=section, alone=True, rank=1)
    elif _explains(value.text) and not is_minutes(section):
        text = f'What does "{section.title}" say about {inside(term, lexicon)}'
        yield Draft(text=text, kind="term", answer=item, section=section, alone=True, rank=3)


def _of_field(section: Section, name: str, value: Span, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Ask for one column of a record: the answer to what its title says, or one of the thing's properties."""
    if name.lower() in ANSWERS and section.title and len(value.text.split()) >= VALUE_WORDS:
        title = section.title.strip().rstrip(".:").replace('"', "'")
        text = title if title.endswith("?") else f'What is the {name.lower()} to "{title}"'
        yield Draft(text=text, kind="record", answer=value, section=section, alone=True, rank=1)
    elif len(value.text) <= PROPERTY_CHARS and not NO_PROPERTY.search(name):
        words = name.replace("_", " ").strip()
        yield from property_of(section, words[:1].upper() + words[1:], value, lexicon, page)


def _is_term(term: str) -> bool:
    words = term.split()
    counts = re.search(r"[%\d]", words[0])
    known = NO_TERM.fullmatch(term.strip()) or words[0].lower() in IMPERATIVES
    return len(words) <= TERM_WORDS and not counts and not known and is_clean(term)


def _explains(value: str) -> bool:
    """Tell whether a value says something: not a question, not somebody's words, not the name of a talk."""
    long = [word for word in value.split() if len(word) >= LONG_CHARS]
    is_title = sum(word[0].isupper() for word in long) > len(long) / 2
    spoken = re.search(r"\b(?:I|I'm|I've|I'd|my)\b", value)
    return len(value.split()) >= VALUE_WORDS and not is_title and not spoken and not value.endswith("?")
