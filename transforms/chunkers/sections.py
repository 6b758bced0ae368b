"""Sections: what stands under one heading, and which headings go before it in the embedded string."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from transforms.chunkers.packing import Part
from transforms.chunkers.pieces import Piece
from transforms.chunkers.ruler import Ruler

PREFIX_SHARE = 1 / 3
"""Of the limit: the most that title and headings take from the text under them."""

_ARROW = " > "


@dataclass(frozen=True, slots=True)
class _Element:
    part: Part
    headings: tuple[str, ...]


def sections(
    documents: pa.Table, texts: Sequence[str], ruler: Ruler, limits: Sequence[int], embed_text: Sequence[str]
) -> Iterator[Piece]:
    """Yield the sections of a table of documents in order, each as one piece, however long.

    A heading is in the prefix of what stands under it. It is text of its own if nothing does, or if it is too
    long for a prefix. Text that no element claims counts as a paragraph.
    """
    titles = documents["title"].to_pylist()
    elements = _elements(documents)
    ruler.learn(title for title in titles if title)
    ruler.learn(h for document in elements for element in document for h in element.headings[-1:])
    rooms = {limit: int((limit - ruler.special) * PREFIX_SHARE) for limit in limits}
    prefixes = {limit: _Prefixes(ruler, room, embed_text) for limit, room in rooms.items()}
    for row, (title, text, found) in enumerate(zip(titles, texts, elements, strict=True)):
        yield from _document_sections(row, title or "", _claimed(text, found), prefixes[limits[row]])


class _Prefixes:
    """Writes prefixes that leave room for the text: outer headings go first, then the end of the title."""

    def __init__(self, ruler: Ruler, room: int, embed_text: Sequence[str]) -> None:
        self._ruler, self._room = ruler, room
        self._title, self._headings = "title" in embed_text, "headings" in embed_text

    def too_long(self, heading: str) -> bool:
        return self._ruler.size(heading) > self._room

    def write(self, title: str, headings: Sequence[str]) -> str:
        path = [h for h in headings if not self.too_long(h)] if self._headings else []
        title = title if self._title else ""
        if path and path[0] == title:
            path = path[1:]
        while len(path) > 1 and self._size(title, path) > self._room:
            path = path[1:]
        if self._size(title, path) > self._room:
            title = self._ruler.cut(title, self._room - self._size("", path) - self._ruler.newline)
        return "\n".join(line for line in (title, _ARROW.join(path)) if line)

    def _size(self, title: str, path: Sequence[str]) -> int:
        joints = self._ruler.arrow * max(0, len(path) - 1) + self._ruler.newline * bool(title and path)
        return self._ruler.size(title) + sum(map(self._ruler.size, path)) + joints


def _elements(documents: pa.Table) -> list[list[_Element]]:
    """Return each document's elements; column by column, since nested rows are slow to read one by one."""
    column = documents["elements"].combine_chunks()
    fields = pc.list_flatten(column)
    names = ("start", "end", "type", "page", "headings")
    start, end, kind, page, headings = (pc.struct_field(fields, name).to_pylist() for name in names)
    rest = map(_Element, map(Part, start, end, kind, page), map(tuple, headings))
    return [list(islice(rest, length)) for length in pc.list_value_length(column).to_pylist()]


def _claimed(text: str, elements: Sequence[_Element]) -> list[_Element]:
    """Return the elements that have text, without overlap, and a paragraph for all text between them."""
    claimed: list[_Element] = []
    at = 0
    headings: tuple[str, ...] = ()
    for element in elements:
        start, end = max(at, element.part.start), max(at, element.part.end)
        if text[at:start].strip():
            claimed.append(_Element(Part(at, start, "paragraph"), headings))
        if text[start:end].strip():
            claimed.append(_Element(element.part._replace(start=start, end=end), element.headings))
        at, headings = end, element.headings
    if text[at:].strip():
        claimed.append(_Element(Part(at, len(text), "paragraph"), headings))
    return claimed


def _document_sections(
    row: int, title: str, elements: Sequence[_Element], prefixes: _Prefixes
) -> Iterator[Piece]:
    run: list[_Element] = []
    for n, element in enumerate(elements):
        path = element.headings
        heads = element.part.type == "heading" and bool(path)
        if run and (heads or path != run[-1].headings):
            yield _piece(row, run, prefixes.write(title, run[0].headings))
            run = []
        if not heads or prefixes.too_long(path[-1]):
            run.append(element)
        elif not any(below.headings[: len(path)] == path for below in elements[n + 1 : n + 2]):
            yield _piece(row, [element], prefixes.write(title if title != path[-1] else "", path[:-1]))
    if run:
        yield _piece(row, run, prefixes.write(title, run[0].headings))


def _piece(row: int, run: Sequence[_Element], prefix: str) -> Piece:
    parts = tuple(element.part for element in run)
    return Piece(
        row=row, start=parts[0].start, end=parts[-1].end, parts=parts, headings=run[0].headings, prefix=prefix
    )
