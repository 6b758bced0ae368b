"""Questions that one cell of a table answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from transforms.datasets.questions.cells import is_name, is_plural, is_value, opening, property_of, written
from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Block, Section, Span
from transforms.datasets.questions.wording import is_clean, phrase
from transforms.datasets.questions.words import MONTH

CELL = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"[|\s:-]+")
PAIR = 2
COLUMNS_MAX = 12
LABEL_WORDS = 8
TIME = re.compile(r"\d{1,2}(?::\d\d)?\s?(?:[ap]\.?m|:|-|$)", re.IGNORECASE)
COUNT = re.compile(r"\d[\d,]*(?:$| (?:a|an|per)\b)")

Row = Sequence[Span]


def from_table(section: Section, block: Block, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield a question for each cell that a label and a header name; `page` is the document's text."""
    rows = [row for row in _rows(block) if len(row) >= PAIR]
    if len(rows) < PAIR or len(rows[0]) > COLUMNS_MAX:
        return
    header, body = rows[0], rows[1:]
    if len(header) == PAIR and not header[1].text[:1].isupper():
        for row in rows:
            yield from property_of(section, row[0].text, row[1], lexicon, page)
        return
    labels = Counter(row[0].text for row in body)
    for row in body:
        if labels[row[0].text] == 1:
            yield from _of_row(section, header, row, lexicon, block.start)


def _rows(block: Block) -> Iterator[Row]:
    at = 0
    for n, line in enumerate(block.text.split("\n")):
        if not (n == 1 and RULE.fullmatch(line)):
            yield _cells(Span(line, block.start + at))
        at += len(line) + 1


def _cells(line: Span) -> Row:
    bars = [match.start() for match in CELL.finditer(line.text)]
    return [line.inner(left + 1, right) for left, right in pairwise(bars)]


def _of_row(section: Section, header: Row, row: Row, lexicon: Lexicon, since: int) -> Iterator[Draft]:
    """Yield a row's questions; where the first column has no name, rows are properties and columns things."""
    turned = not header[0].text and len(header) > PAIR
    for column, cell in zip(header[1:], row[1:], strict=False):
        name, label = (row[0].text, column.text) if turned else (column.text, row[0].text)
        repeats = {*name.lower().split()} & {*label.lower().split()}
        if is_name(name) and is_value(cell.text) and _is_label(label) and not repeats:
            text = _of_cell(name, label, cell.text, lexicon)
            yield Draft(text=text, kind="table", answer=cell, section=section, since=since, rank=1)


def _of_cell(header: str, label: str, value: str, lexicon: Lexicon) -> str:
    name, inner = written(header, lexicon), phrase(label, lexicon)
    label = f'"{label}"' if _needs_quotes(inner) else inner
    if re.match(r"who [a-z]", header, re.IGNORECASE):
        return f"{header} {label}"
    if is_plural(name) and COUNT.match(value):
        return f"How many {name} are there for {label}"
    joint = "on" if re.match(rf"{MONTH} [0-9]", label) else "for"
    return f"{opening(name, value)} {name} {joint} {label}"


def _needs_quotes(label: str) -> bool:
    """Tell whether a label is a common noun without an article; names and plurals read well as they are."""
    plural = label.split(maxsplit=1)[0].endswith(("s", "ing"))
    return label[:1].islower() and not plural and not re.match(r"(?:the|an?|your|our)\b", label)


def _is_label(text: str) -> bool:
    """Tell whether a text names one thing, not a time of day or a number."""
    letters = re.search(r"[^\W\d_]{2}", text)
    return bool(letters and not TIME.match(text) and len(text.split()) <= LABEL_WORDS and is_clean(text))
