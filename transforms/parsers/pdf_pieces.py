"""What PDFium says of a page: words with the place they stand at, in the pieces the page was drawn in.

PDFium gives characters in the order the page draws them and breaks them where it saw a new line or a jump. A
position costs a call into C, so only the first and the last letter of a word are asked for.
"""

from __future__ import annotations

import ctypes
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

CELL_GAP_EM = 1.0
"""A gap this wide (in letter sizes) ends a cell: justified prose stays below 0.6 (1,446 pages of filings)."""

HYPHEN = "\ufffe\x02"
"""What PDFium gives for a hyphen at a line's end that it takes for one made by the line break."""
PIECE = re.compile(f"[^\r\n{HYPHEN}]+[{HYPHEN}]?")
WORD = re.compile(rf"[^\s{HYPHEN}]+")
BOLD_NAME = re.compile(r"bold|black|heavy|demi|cmbx|-bd", re.IGNORECASE)
FORCE_BOLD = 1 << 18
"""Font descriptor flag 19, ISO 32000-1 table 123."""
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LIGATURES = dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
SYMBOLS = {**LIGATURES, 0xAD: None, 0xF0B7: "\u2022", 0xF0A7: "\u25aa", 0xF0D8: "\u25ba"}
"""Ligatures as letters, no soft hyphens, and the bullets of fonts that have code points of their own."""


class Word(NamedTuple):
    """Letters without a gap and the box they stand in; y grows upward, in points."""

    left: float
    bottom: float
    right: float
    top: float
    text: str


class Piece(NamedTuple):
    """Words that were drawn together on one line."""

    words: list[Word]
    bottom: float
    top: float
    size: float
    bold: bool
    hyphen: bool
    """Ends in a hyphen that the line break made."""
    turn: int
    """Quarter turns counterclockwise that the letters stand at."""

    @property
    def letters(self) -> int:
        """How many letters it has."""
        return sum(len(word.text) for word in self.words)


def read_pieces(textpage: Any) -> tuple[list[Piece], int]:
    """Return a PDFium text page's pieces, in the order it draws them, and the turn most of them stand at.

    The coordinates are turned so that text at that turn runs to the right.
    """
    drawn = _drawn(textpage)
    letters: Counter[int] = Counter()
    for piece in drawn:
        letters[piece.turn] += piece.letters
    turn = letters.most_common(1)[0][0] if drawn else 0
    return [part for piece in drawn for part in _parts(_turned(piece, turn))], turn


def _drawn(textpage: Any) -> list[Piece]:
    from pypdfium2 import raw  # type: ignore[import-untyped]

    pen = _Pen(raw, textpage.raw)
    text = _text(textpage, raw)
    pieces = []
    for found in PIECE.finditer(text):
        spans = [
            (word, found.start() + at.start(), found.start() + at.end() - 1)
            for at in WORD.finditer(found.group())
            if (word := _clean(at.group()))
        ]
        if spans:
            pieces.append(pen.piece(spans, hyphen=found.group()[-1] in HYPHEN))
    return pieces


def _text(textpage: Any, raw: Any) -> str:
    """Return the page's text so that its offsets are PDFium's character numbers."""
    text: str = textpage.get_text_range()
    count: int = textpage.count_chars()
    if len(text) == count:
        return text
    codes = (raw.FPDFText_GetUnicode(textpage.raw, at) for at in range(count))
    return "".join(chr(code) if code <= sys.maxunicode else "\0" for code in codes)


def _clean(word: str) -> str:
    if word.isascii() and word.isprintable():
        return word
    # Beyond the basic plane PDFium numbers, and gives, the two halves of a character.
    whole = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return INVISIBLE.sub("", whole.translate(SYMBOLS))


class _Pen:
    """Asks PDFium where characters stand and what they are set in."""

    def __init__(self, raw: Any, page: Any) -> None:
        self._raw, self._page = raw, page
        self._box, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._name, self._flags = ctypes.create_string_buffer(128), ctypes.c_int()

    def piece(self, spans: list[tuple[str, int, int]], *, hyphen: bool) -> Piece:
        words = [self._word(*span) for span in spans]
        first, last = spans[0][1], spans[-1][2]
        size, turn = self._size_and_turn(first)
        return Piece(words, 0.0, 0.0, size, self._bold(first) and self._bold(last), hyphen, turn)

    def _word(self, text: str, first: int, last: int) -> Word:
        box, ask, page = self._box, self._raw.FPDFText_GetLooseCharBox, self._page
        ask(page, first, box)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if last > first:
            ask(page, last, box)
            left, bottom = min(left, box.left), min(bottom, box.bottom)
            right, top = max(right, box.right), max(top, box.top)
        return Word(left, bottom, right, top, text)

    def _size_and_turn(self, at: int) -> tuple[float, int]:
        matrix = self._matrix
        self._raw.FPDFText_GetMatrix(self._page, at, matrix)
        size = self._raw.FPDFText_GetFontSize(self._page, at) * math.hypot(matrix.c, matrix.d)
        turn = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
        return (size if math.isfinite(size) else 0.0), turn

    def _bold(self, at: int) -> bool:
        name = self._name
        self._raw.FPDFText_GetFontInfo(self._page, at, name, len(name), self._flags)
        return bool(self._flags.value & FORCE_BOLD) or bool(BOLD_NAME.search(name.value.decode("latin-1")))


def _turned(piece: Piece, turn: int) -> Piece:
    """Turn a piece so that the page's main direction runs to the right."""
    if turn == 0:
        return piece
    return piece._replace(words=[Word(*_TURNS[turn](word), word.text) for word in piece.words])


_TURNS: dict[int, Callable[[Word], tuple[float, float, float, float]]] = {
    1: lambda box: (box.bottom, -box.right, box.top, -box.left),
    2: lambda box: (-box.right, -box.top, -box.left, -box.bottom),
    3: lambda box: (-box.top, box.left, -box.bottom, box.right),
}


def _parts(piece: Piece) -> Iterator[Piece]:
    """Cut a piece at wide gaps, and where PDFium read on from one line's end to the next one's start."""
    words = piece.words
    cuts = [at for at, pair in enumerate(pairwise(words), 1) if not _runs_on(*pair, piece.size)]
    for first, last in pairwise([0, *cuts, len(words)]):
        part = words[first:last]
        yield piece._replace(
            words=part,
            bottom=min(word.bottom for word in part),
            top=max(word.top for word in part),
            hyphen=piece.hyphen and last == len(words),
        )


def _runs_on(word: Word, following: Word, size: float) -> bool:
    near = -size < following.left - word.right < CELL_GAP_EM * size
    if not near and not RIGHT_TO_LEFT.search(following.text):
        return False
    return min(word.top, following.top) > max(word.bottom, following.bottom)
