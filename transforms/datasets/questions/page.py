"""Page: a document as the makers of questions read it, in sections and sentences with their spans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

ENDS = re.compile("[.!?][\"'\u201d\u2019)\\]]*(?=\\s+[\"'\u201c\u2018(\\[]?[A-Z0-9])|\n+")
ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|etc|vs|cf|no|mr|mrs|ms|dr|st|jr|inc|ltd|co|approx|dept|fig|u\.s|a\.m|p\.m|"
    r"jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)$",
    re.IGNORECASE,
)
BULLET = re.compile(r"\s*(?:[-*•]|\d{1,3}[.)])\s+")
ORDERED = re.compile(r"\s*\d{1,3}[.)]\s+")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document's text."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.start + len(self.text)

    def inner(self, start: int, end: int) -> Span:
        """Return a part of it, by offsets in its own text, without white space around."""
        part = self.text[start:end]
        return Span(part.strip(), self.start + start + len(part) - len(part.lstrip()))


@dataclass(frozen=True, slots=True)
class Block(Span):
    """One element: a paragraph, list item, table, field."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands under one heading, without the sections below it."""

    title: str | None
    """The document's."""
    headings: tuple[str, ...]
    """Outermost first, without the title."""
    blocks: tuple[Block, ...]

    @property
    def heading(self) -> str:
        """The innermost heading, or nothing at the top of a document."""
        return self.headings[-1] if self.headings else ""


def sections(document: Mapping[str, Any]) -> list[Section]:
    """Return the sections of a row of the documents table."""
    title, text = document["title"], document["text"]
    found = []
    for path, run in groupby(document["elements"], key=lambda element: tuple(element["headings"])):
        blocks = [_block(text, element) for element in run if element["type"] not in ("heading", "code")]
        inner = path[1:] if path and path[0] == title else path
        if blocks:
            found.append(Section(title=title, headings=inner, blocks=tuple(blocks)))
    return found


def sentences(block: Span) -> Iterator[Span]:
    """Yield the sentences of a block."""
    at = 0
    for match in ENDS.finditer(block.text):
        if match.group().startswith(".") and ABBREVIATED.search(block.text[at : match.start()]):
            continue
        yield block.inner(at, match.end())
        at = match.end()
    if block.text[at:].strip():
        yield block.inner(at, len(block.text))


def without_bullet(block: Span) -> Span:
    """Return a list item without its bullet or number."""
    match = BULLET.match(block.text)
    return block.inner(match.end(), len(block.text)) if match else block


def lists(blocks: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    """Yield every run of list items."""
    for kind, run in groupby(blocks, key=lambda block: block.kind):
        if kind == "list_item":
            yield tuple(run)


def is_ordered(items: Sequence[Block]) -> bool:
    """Tell whether the outermost items of a list are numbered."""
    return all(ORDERED.match(item.text) for item in items if not item.text.startswith("  "))


def _block(text: str, element: Mapping[str, Any]) -> Block:
    return Block(text[element["start"] : element["end"]], element["start"], element["type"])
