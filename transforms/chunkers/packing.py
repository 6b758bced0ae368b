"""Packing: where to cut a span of text so that every piece fits a budget of tokens.

Cuts fall between elements where they can, else at the ends of sentences, lines or rows, else at white space,
else between tokens; a row of a table or a line of code is cut only if it does not fit by itself. Between
equally good places the cut is chosen by the text that follows it, not by its distance from the start: after
an edit the cuts fall back into their old places, and the pieces there keep their ids. The last two pieces
share what is left evenly.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

FULL_SHARE = 3 / 10
"""A piece may end anywhere past this share of the budget: room for the cuts to fall back into step a piece or
two after an edit. Of 120 edits of long documents 5 to 10% made more than three new pieces with a half, none
with this, for 10% more pieces in all."""

SHORT_SHARE = 1 / 8
"""Of two last pieces, one under this share of the budget is short: it says too little to be found alone."""

SENTENCE_SHARE = 1 / 4
"""A piece of prose may be as short as this share of the budget, so that a sentence that fits is not cut."""

PROSE = ("paragraph", "list_item", "page")
"""Types that may be cut although they fit, to spare a short last piece."""

_BLANK_LINE = re.compile(r"[^\n](?=\n[ \t]*\n)")
_LINE = re.compile(r"[^\n](?=\n)")
_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*(?=\s)|[。！？]|\S(?=\n\s*\n)")  # noqa: RUF001
_SPACE = re.compile(r"\S(?=\s)")
_BREAKS = {"code": (_BLANK_LINE, _LINE), "table": (_LINE,)}
_LANDMARK_CHARACTERS = 32
_START = attrgetter("start")

Places = Callable[[int, int], Sequence[int]]


class Part(NamedTuple):
    """An element as packing sees it."""

    start: int
    end: int
    type: str
    page: int | None = None


class Window(NamedTuple):
    """Where a cut may fall, both ends included, and which one to take of several."""

    low: int
    high: int
    choose: Callable[[Sequence[int]], int]

    def within(self, part: Part) -> Window:
        """Return the window without what lies before or behind a part."""
        return self._replace(low=max(self.low, part.start + 1), high=min(self.high, part.end))


@dataclass(frozen=True, slots=True)
class Packer:
    """Cuts one text: its parts in order, the character each token starts at, the budget in tokens."""

    text: str
    parts: Sequence[Part]
    starts: Sequence[int]
    budget: int

    def pack(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans that the text between two offsets is cut into, in order and without a gap."""
        spans = []
        while self.tokens(start, end) > self.budget:
            cut = self.cut(start, end)
            spans.append((start, cut))
            start = cut
        return [*spans, (start, end)]

    def tokens(self, start: int, end: int) -> int:
        """Return how many tokens start between two offsets."""
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)

    def cut(self, start: int, end: int) -> int:
        """Return where the first piece of a text ends that does not fit as a whole."""
        windows = self._windows(start, end)
        between = _first(windows, self._boundaries)
        if between is not None:
            return between
        part = self._part_at(self._limit(start))
        if start < part.start and self.tokens(part.start, part.end) <= self.budget:
            return self._spared_short_piece(start, end, part.start) or part.start
        return self._cut_inside(part, start, windows)

    def _windows(self, start: int, end: int) -> list[Window]:
        low = self.starts[bisect_left(self.starts, start) + int(self.budget * FULL_SHARE)]
        usual = Window(max(start + 1, low), self._limit(start), self._landmark)
        even = self._even_window(start, end)
        return [usual] if even is None else [even, usual._replace(high=min(even.high, usual.high))]

    def _limit(self, start: int) -> int:
        return max(start + 1, self.starts[bisect_left(self.starts, start) + self.budget])

    def _even_window(self, start: int, end: int) -> Window | None:
        """Return where one cut leaves two pieces that fit and are not short; None past two budgets."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        if last - first > 2 * self.budget:
            return None
        short = int(self.budget * SHORT_SHARE)
        low = self.starts[max(first + short, last - self.budget)]
        high = self.starts[min(first + self.budget, last - short)]
        middle = self.starts[(first + last) // 2]
        return Window(
            max(start + 1, low),
            max(start + 1, high),
            lambda places: min(places, key=lambda at: abs(at - middle)),
        )

    def _landmark(self, places: Sequence[int]) -> int:
        return min(places, key=lambda at: zlib.crc32(self.text[at : at + _LANDMARK_CHARACTERS].encode()))

    def _boundaries(self, low: int, high: int) -> Sequence[int]:
        first = bisect_left(self.parts, low, key=_START)
        return [part.start for part in self.parts[first : bisect_right(self.parts, high, key=_START)]]

    def _part_at(self, at: int) -> Part:
        return self.parts[bisect_right(self.parts, at, key=_START) - 1]

    def _spared_short_piece(self, start: int, end: int, cut: int) -> int | None:
        """Return a place in prose to cut at instead, if the cut makes one of two last pieces short."""
        window = self._even_window(start, end)
        short = self.budget * SHORT_SHARE
        if window is None or min(self.tokens(start, cut), self.tokens(cut, end)) >= short:
            return None
        part = self._part_at((window.low + window.high) // 2)
        return _first([window.within(part)], self._breaks(_SENTENCE)) if part.type in PROSE else None

    def _cut_inside(self, part: Part, start: int, windows: Sequence[Window]) -> int:
        limit = windows[-1].high
        inside = [window.within(part) for window in windows]
        anywhere = Window(max(start, part.start) + 1, limit, max)
        for pattern in _BREAKS.get(part.type, (_SENTENCE,)):
            cut = _first(inside, self._breaks(pattern))
            if cut is not None:
                return cut
        if part.type in _BREAKS and (cut := _first([anywhere], self._breaks(_LINE))) is not None:
            return cut  # a short piece, rather than a row or a line that is cut though it fits
        if part.type not in _BREAKS and (cut := self._whole_sentences(part, start, limit)) is not None:
            return cut
        cut = _first([*inside, anywhere], self._breaks(_SPACE))
        return cut or (part.start if start < part.start else limit)

    def _whole_sentences(self, part: Part, start: int, limit: int) -> int | None:
        """Return where the last sentence ends that fits, unless what it leaves is too short a piece."""
        low = self.starts[bisect_left(self.starts, start) + int(self.budget * SENTENCE_SHARE)]
        return _first([Window(max(low, part.start + 1), limit, max)], self._breaks(_SENTENCE))

    def _breaks(self, pattern: re.Pattern[str]) -> Places:
        return lambda low, high: [
            match.end() for match in pattern.finditer(self.text, low, high + 1) if match.end() <= high
        ]


def _first(windows: Sequence[Window], places: Places) -> int | None:
    for window in windows:
        if window.low <= window.high and (inside := places(window.low, window.high)):
            return window.choose(inside)
    return None
