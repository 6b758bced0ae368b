"""Pieces: spans of a document on their way to becoming chunks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from transforms.chunkers.packing import Packer, Part
from transforms.chunkers.ruler import Ruler

_RULE_LINE = re.compile(r"[|\s:-]*-[|\s:-]*")


class Lead(NamedTuple):
    """The first words of a document, and where they start."""

    start: int = 0
    words: str = ""


NO_LEAD = Lead()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A span of one document under one heading path."""

    row: int
    """Of its document in the table of documents."""
    start: int
    end: int
    parts: tuple[Part, ...]
    """The elements of its section, whole; it may begin and end inside one, and leave others out."""
    headings: tuple[str, ...]
    prefix: str
    """What of title and headings goes before it in the embedded string."""
    header: str = ""
    """The header of the table it continues."""
    lead: Lead = NO_LEAD
    """Of its document; it is embedded with every piece but the first."""

    def embedded(self, text: str) -> str:
        """Return the exact string that is embedded, given the document's text."""
        lines = (self.prefix, self.led_by, self.header, text[self.start : self.end])
        return "\n".join(line for line in lines if line)

    @property
    def led_by(self) -> str:
        """The lead that is embedded with it."""
        return self.lead.words if self.start > self.lead.start else ""

    def trimmed(self, text: str) -> Piece | None:
        """Return the piece without white space around it; the first line keeps its indentation."""
        span = text[self.start : self.end]
        body = span.strip()
        if not body:
            return None
        indented = span.find(body)
        line = span.rfind("\n", 0, indented) + 1
        start = self.start + (line or indented)
        return replace(self, start=start, end=self.start + indented + len(body))

    def page(self) -> int | None:
        """Return the page of the first element in the piece."""
        return self.parts[bisect_right(self.parts, self.start, key=attrgetter("end"))].page

    def bare(self) -> Piece | None:
        """Return the piece with nothing before its text, or None if it has nothing there."""
        before = self.prefix or self.header or self.led_by
        return replace(self, prefix="", header="", lead=NO_LEAD) if before else None


def split(piece: Piece, text: str, ruler: Ruler, limit: int, counted: int | None = None) -> list[Piece]:
    """Return the pieces a piece is cut into so that each fits the limit as far as the tokenizer adds up.

    `counted` is the size of its embedded string, if that is known to be over the limit: then the pieces are
    smaller than the piece. A single character loses its prefix; an empty list means that nothing helps.
    """
    if counted is not None and piece.end - piece.start == 1:
        return [bare] if (bare := piece.bare()) else []
    starts: Sequence[int] = ruler.starts(text[piece.start : piece.end], piece.start)
    room = limit - ruler.special - ruler.size(piece.prefix) - (ruler.newline if piece.prefix else 0)
    if counted is not None:
        starts = starts if len(starts) > 1 else range(piece.start, piece.end)
        room = min(room, len(starts) * limit // counted, len(starts) - 1)
    parts = [part for part in piece.parts if part.start < piece.end and part.end > piece.start]
    packer = Packer(text=text, parts=parts, starts=starts, budget=max(1, room))
    pieces = [made for run in _runs(piece, packer) for made in _pack(run, packer, ruler)]
    return [trimmed for made in pieces if (trimmed := made.trimmed(text))]


def _runs(piece: Piece, packer: Packer) -> Iterator[Piece]:
    """Yield the piece in runs: each table that does not fit is one by itself."""

    def alone(part: Part) -> int | None:
        inside = packer.tokens(max(part.start, piece.start), min(part.end, piece.end))
        return part.start if part.type == "table" and inside > packer.budget else None

    for _, run in groupby(packer.parts, key=alone):
        parts = tuple(run)
        start, end = max(parts[0].start, piece.start), min(parts[-1].end, piece.end)
        yield replace(piece, parts=parts, start=start, end=end)


def _pack(run: Piece, packer: Packer, ruler: Ruler) -> list[Piece]:
    first = run.parts[0]
    table = len(run.parts) == 1 and first.type == "table"
    if not table or (run.start == first.start and packer.tokens(run.start, run.end) <= packer.budget):
        own = Packer(text=packer.text, parts=run.parts, starts=packer.starts, budget=packer.budget)
        return [replace(run, start=start, end=end) for start, end in own.pack(run.start, run.end)]
    header = _header(packer.text[first.start : first.end], packer.budget // 2, ruler)
    budget = max(1, packer.budget - ruler.size(header) - ruler.newline)
    rows = Packer(text=packer.text, parts=run.parts, starts=packer.starts, budget=budget)
    # The first piece has the header in it, and so more room than those that are given one.
    cut = packer.cut(run.start, run.end) if run.start == first.start else run.start
    spans = [(run.start, cut)] if cut > run.start else []
    spans += rows.pack(cut, run.end)
    return [replace(run, start=s, end=e, header=header if s > first.start else "") for s, e in spans]


def _header(table: str, room: int, ruler: Ruler) -> str:
    """Return what of a table is repeated: its first line and the rule under it, as far as they fit."""
    row, _, rest = table.partition("\n")
    rule = rest.partition("\n")[0]
    if _RULE_LINE.fullmatch(rule) and ruler.size(f"{row}\n{rule}") <= room:
        return f"{row}\n{rule}"
    return ruler.cut(row, room)
