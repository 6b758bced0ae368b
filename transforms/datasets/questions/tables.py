"""Questions that one cell of a table answers, and that one `name: value` answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Block, Section, Span
from transforms.datasets.questions.wording import is_clean, is_generic, named, phrase
from transforms.datasets.questions.words import DAY, EVENTS, MONTH, PREPOSITIONS, THIRD_PERSON

CELL = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"[|\s:-]+")
COLUMNS = (2, 12)
LABEL_WORDS = 8
HEADER_WORDS = 5
POINTERS = frozenset(
    ["link", "links", "url", "urls", "slides", "recording", "video", "id", "no", "number", "notes", "comment", "comments", "date"]
)
"""Columns that point elsewhere or say little."""

DATES = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.IGNORECASE
)
EMPTY = frozenset(
    (
        "",
        "-",
        "–",
        "—",
        "n/a",
        "na",
        "none",
        "no",
        "yes",
        "x",
        "✓",
        "✔",
        "tbd",
        "tba",
        "?",
        "always",
        "never",
        "nothing",
    )
)
PEOPLE_COLUMNS = re.compile(
    r"(?:chair|lead|owner|author|contact|maintainer|liaison|approver|reviewer|manager|sponsor|host|speaker|member|"
    r"contact person|responsible|assignee)s?$",
    re.IGNORECASE,
)


def from_table(section: Section, block: Block, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield a question for each cell that a row's label and a column's header name; `page` is the document's text."""
    rows = [row for row in _rows(block) if len(row) >= COLUMNS[0]]
    if len(rows) < COLUMNS[0] or len(rows[0]) > COLUMNS[1]:
        return
    header, body = rows[0], rows[1:]
    if len(header) == 2 and not header[1].text[:1].isupper():
        yield from _of_pairs(section, [row for row in rows if row[0].text], lexicon, page)
        return
    labels = Counter(row[0].text for row in body)
    for row in body:
        if labels[row[0].text] == 1 and _is_label(row[0].text):
            yield from _of_row(section, header, row, lexicon, block.start)


def _rows(block: Block) -> Iterator[list[Span]]:
    at = 0
    for n, line in enumerate(block.text.split("\n")):
        if not (n == 1 and RULE.fullmatch(line)):
            yield _cells(Span(line, block.start + at))
        at += len(line) + 1


def _cells(line: Span) -> list[Span]:
    bars = [match.start() for match in CELL.finditer(line.text)]
    return [line.inner(left + 1, right) for left, right in zip(bars, bars[1:], strict=False)]


def _of_pairs(section: Section, body: list[list[Span]], lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """A table without a header, of two columns: the page's subject, and what is known of it."""
    for row in body:
        if len(row) != 2 or is_generic(section.title, lexicon):
            return
        yield from field(section, row[0].text, row[1], lexicon, page)


def field(section: Section, name: str, value: Span, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield the question for one named value of what the page is about."""
    if not _is_header(name) or not _is_value(value.text) or is_generic(section.title, lexicon):
        return
    subject = named((section.title or "").rstrip(".:?!"), page)
    text = f"{_opening(name, value.text)} {phrase(name, lexicon)} of {subject}"
    yield Draft(text=text, kind="field", answer=value, section=section, alone=True, rank=1)


def _of_row(
    section: Section, header: list[Span], row: list[Span], lexicon: Lexicon, since: int
) -> Iterator[Draft]:
    """Without a name for the first column, rows are properties and columns are things; else it is the other way."""
    for column, cell in zip(header[1:], row[1:], strict=False):
        turned = not header[0].text and len(header) > 2
        name, label = (row[0].text, column.text) if turned else (column.text, row[0].text)
        repeats = {*name.lower().split()} & {*label.lower().split()}
        if _is_header(name) and _is_value(cell.text) and _is_label(label) and not repeats:
            text = _of_cell(name, label, cell.text, lexicon)
            yield Draft(text=text, kind="table", answer=cell, section=section, since=since, rank=1)


def _of_cell(header: str, label: str, value: str, lexicon: Lexicon) -> str:
    name, inner = phrase(header, lexicon), phrase(label, lexicon)
    label = f'"{label}"' if _needs_quotes(inner) else inner
    if re.match(r"who [a-z]", header, re.IGNORECASE):
        return f"{header} {label}"
    if _counts(name, value):
        return f"How many {name} are there for {label}"
    if re.match(rf"{MONTH} \d", label):
        return f"{_opening(name, value)} {name} on {label}"
    return f"{_opening(name, value)} {name} for {label}"


def _opening(name: str, value: str) -> str:
    head = re.split(rf" (?:{'|'.join(sorted(PREPOSITIONS))}) ", name)[0]
    plural = head.endswith("s") and not head.endswith(("ss", "us", "is"))
    word = "Who" if PEOPLE_COLUMNS.search(name) and not value[:1].isdigit() else "What"
    return f"{word} {'are' if plural else 'is'} the"


def _counts(name: str, value: str) -> bool:
    return bool(name.endswith("s") and re.match(r"\d[\d,]*(?:$| (?:a|an|per)\b)", value))


def _needs_quotes(label: str) -> bool:
    """A single common noun without an article reads badly in a sentence; names, plurals and phrases do not."""
    return (
        label[:1].islower()
        and not label.split(maxsplit=1)[0].endswith(("s", "ing"))
        and not re.match(r"(?:the|an?|your|our)\b", label)
    )


def _is_label(text: str) -> bool:
    return (
        not re.match(r"\d{1,2}(?::\d\d)?\s?(?:[ap]\.?m|:|-|$)", text, re.IGNORECASE)
        and bool(re.search(r"[^\W\d_]{2}", text))
        and len(text.split()) <= LABEL_WORDS
        and is_clean(text)
    )


def _is_header(text: str) -> bool:
    """Tell whether a header can stand after "What is the": a noun, as far as its ends betray."""
    words = [word.lower() for word in text.split()]
    if (
        not words
        or len(words) > HEADER_WORDS
        or not is_clean(text)
        or text[-1] in ".:!?"
        or re.search(r"\d", text)
    ):
        return False
    first, last = words[0], words[-1]
    if words[-1] in POINTERS or DATES.fullmatch(words[0]):
        return False
    if first == "who":
        return len(words) > 1
    asks = (
        first in ("what", "how", "why", "which", "when", "where", "since", "until", "valid")
        or first in PREPOSITIONS
    )
    verb = first in EVENTS or first in THIRD_PERSON or (len(words) == 1 and first.endswith("ed"))
    return not asks and not verb and last not in PREPOSITIONS and text[0].isupper()


def _is_value(text: str) -> bool:
    weekday = re.fullmatch(DAY, text)
    return (
        text.lower() not in EMPTY
        and 1 <= len(text) <= 400
        and not text.startswith(("http://", "https://"))
        and not weekday
    )
