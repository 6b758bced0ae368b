"""Questions that one `term: explanation` answers, in a list or in a record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.headings import MINUTES, SPOKEN
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Block, Section, Span, without_bullet
from transforms.datasets.questions.tables import PEOPLE_COLUMNS, field
from transforms.datasets.questions.wording import inside, is_clean, is_generic, named
from transforms.datasets.questions.words import DAY, IMPERATIVES

PAIR = re.compile(r"(?P<term>[^:\n.!?;]{2,50}):\s+(?P<value>\S.*)", re.DOTALL)
ANSWERS = frozenset(("answer", "resolution", "solution", "response", "reply"))
NO_PROPERTY = re.compile(
    r"^(?:id|key|name|title|subject|body|text|description|question|summary|messages.*)$|_(?:id|no|at|key)$|\.",
    re.IGNORECASE,
)
"""Columns that name a record, or repeat it, instead of saying something of it."""

PROPERTY_CHARS = 300
LONG_CHARS = 5
VALUE_WORDS = 6
GLOSSARY = re.compile(r"glossary|terms|terminology|definitions|vocabulary|words", re.IGNORECASE)
NO_TERM = re.compile(
    r"(?:(?:examples?|steps?|phase|weeks?|days?|part|question|answer|(?:stretch )?goals?|option|case) ?\d*|note|notes|important|warning|caution|tip|hint|example|examples|todo|update|fix|fixes|feature|bug|q|a|question|answer|"
    r"see|see also|pro|con|pros|cons|e\.g|i\.e|for example|optional|required|recommended|ideally|yes|no|fixed|added|changed|removed|new|known|deprecated|improved|date|time|when|where|who|what|why|how)$",
    re.IGNORECASE,
)


def from_terms(section: Section, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield a question for each list item or field that names a term and says what it is."""
    for block in section.blocks:
        if block.kind in ("list_item", "field"):
            yield from _from_block(section, block, lexicon, page)


def _from_block(section: Section, block: Block, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    item = without_bullet(block)
    found = PAIR.fullmatch(item.text)
    if not found or not _is_term(found["term"]):
        return
    term, value = found["term"].strip(), item.inner(found.start("value"), len(item.text))
    if block.kind == "field":
        yield from _from_field(section, term, value, lexicon, page)
    elif PEOPLE_COLUMNS.fullmatch(term) and term.endswith("s"):
        yield from field(section, term, value, lexicon, page)
    elif GLOSSARY.search(_path(section)):
        yield Draft(
            text=f"What does {_quoted(term, lexicon)} mean", kind="term", answer=item, section=section, rank=0
        )
    elif re.match(rf"{DAY}s? at \d", value.text) and not is_generic(section.title, lexicon):
        text = f"When is the {inside(term, lexicon)} of {named(section.title or '', page)}"
        yield Draft(text=text, kind="time", answer=item, section=section, alone=True, rank=1)
    elif (
        _explains(value.text)
        and not is_generic(section.title, lexicon)
        and not MINUTES.search(_path(section))
    ):
        text = f'What does "{section.title}" say about {inside(term, lexicon)}'
        yield Draft(text=text, kind="term", answer=item, section=section, alone=True, rank=3)


def _path(section: Section) -> str:
    return " ".join((section.title or "", *section.headings))


def _from_field(section: Section, name: str, value: Span, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """One column of a record: the answer to what its title says, or one of the thing's properties."""
    if name.lower() in ANSWERS and section.title and len(value.text.split()) >= VALUE_WORDS:
        title = section.title.strip().rstrip(".:").replace('"', "'")
        text = title if title.endswith("?") else f'What is the {name.lower()} to "{title}"'
        yield Draft(text=text, kind="record", answer=value, section=section, alone=True, rank=1)
    elif len(value.text) <= PROPERTY_CHARS and not NO_PROPERTY.search(name):
        words = name.replace("_", " ").replace(".", " ").strip()
        yield from field(section, words[:1].upper() + words[1:], value, lexicon, page)


def _explains(value: str) -> bool:
    return (
        len(value.split()) >= VALUE_WORDS
        and not SPOKEN.search(value)
        and not value.endswith("?")
        and not _is_title(value)
    )


def _is_title(value: str) -> bool:
    """Tell whether a text is the name of a talk or a paper: most of its long words are capitalized."""
    long = [word for word in value.split() if len(word) >= LONG_CHARS]
    return sum(word[0].isupper() for word in long) > len(long) / 2


def _is_term(term: str) -> bool:
    words = term.split()
    first = words[0].lower()
    return (
        is_clean(term)
        and not re.search(r"[%\d]", words[0])
        and not NO_TERM.match(term.strip())
        and len(words) <= 6
        and first not in IMPERATIVES
    )


def _quoted(term: str, lexicon: Lexicon) -> str:
    return f'"{inside(term, lexicon)}"'
