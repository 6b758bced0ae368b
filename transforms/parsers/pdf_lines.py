"""PDF text as lines: where each one stands, how large its letters are, and the cells it falls into.

The pieces that stand on one line are put together again, whatever the order they were drawn in, and the
line is cut into cells wherever the gap is wider than a space can be.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from transforms.parsers.pdf_pieces import CELL_GAP_EM, RIGHT_TO_LEFT, Piece, Word, read_pieces

NUMBER_GAP_EM = 0.35
"""Before a lone currency sign, and between two numbers, a narrower gap ends a cell: prose has neither."""
TOUCH_EM = 0.03
"""Pieces this near are one word: some writers draw letter by letter, some draw ligatures apart."""
STRAY_LINES = 6
STRAY_CHARS = 25
STRAY_EM = 4.0
SETTLED_LINES = 24
"""How far back a short piece or line may belong: stacked cells of a table header are drawn one by one."""
MARK_LINES = 200
MARK_CHARS = 4
MARK_SIZE = 0.85
MARK_GAP_EM = (-0.2, 0.5)
"""A piece this short and this much smaller than a line, behind a word of it, is a footnote's mark."""
BULLET_GAP_EM = 0.5

NUMBER = re.compile(r"^[-\u2013\u2014+(]*[$€£¥]?[(]?[-\u2013\u2014]?\d[\d,.]*[)%]*$|^[-\u2013\u2014]+[)%]*$")
"""A figure as tables write it: `1,234.5`, `(12)%`, `$ 3`, or a dash for none."""
CURRENCY = frozenset("$€£¥")
CLOSING = frozenset((")", "%", ")%", "%)", "pts", "x"))
LEADER = re.compile(r"^[.\u2026\u00b7]{3,}$|^\.$|^[_=\u2500\u2501\u2014-]{4,}$")
"""Dots between a title and its page, and drawn rules."""
BULLET = frozenset("\u2022\u25e6\u25aa\u25a0\u25cf\u25cb\u25ba\u2023\u2043\u2219\u00b7")
DASH = frozenset("-\u2013\u2014o")
"""Bullets only when they stand alone before a gap: a table may begin a row with a dash."""


class Cell(NamedTuple):
    """Words that belong together on a line, and the x range they cover."""

    left: float
    right: float
    text: str


class Line(NamedTuple):
    """One visual line of a page, in reading direction; y grows upward, in points."""

    cells: tuple[Cell, ...]
    bottom: float
    top: float
    size: float
    bold: bool
    bullet: bool
    hyphen: bool
    """Ends in a hyphen that PDFium took for one made by the line break."""
    tilted: bool
    """Runs in another direction than most of its page."""

    @property
    def text(self) -> str:
        """The words of the line."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        """Where the line begins."""
        return self.cells[0].left

    @property
    def right(self) -> float:
        """Where the line ends."""
        return self.cells[-1].right


def read_lines(textpage: Any) -> list[Line]:
    """Return the lines of a PDFium text page, in the order the page draws them."""
    pieces, turn = read_pieces(textpage)
    lines = [_line(group, turn) for group in _grouped(pieces, turn)]
    return _settled([line for line in lines if line.cells])


def _grouped(pieces: list[Piece], turn: int) -> list[list[Piece]]:
    """Put the pieces that stand on one line together."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if piece.turn != turn or not (_appended(groups, piece, turn) or _slipped_in(groups, piece, turn)):
            groups.append([piece])
    return groups


def _appended(groups: list[list[Piece]], piece: Piece, turn: int) -> bool:
    reach = STRAY_LINES if piece.letters <= STRAY_CHARS else 1
    for group in reversed(groups[-reach:]):
        if group[0].turn == turn and not group[-1].hyphen and _level(group[0], piece) and _fits(group, piece):
            group.append(piece)
            return True
    return False


def _fits(group: list[Piece], piece: Piece) -> bool:
    """Whether there is room for a piece on a line; the letters of two pieces may touch."""
    left, right = piece.words[0].left + 0.3 * piece.size, piece.words[-1].right
    return all(right <= one.words[0].left or left >= one.words[-1].right for one in group)


def _level(one: Piece, other: Piece) -> bool:
    overlap = min(one.top, other.top) - max(one.bottom, other.bottom)
    return overlap > 0.6 * min(one.top - one.bottom, other.top - other.bottom)


def _slipped_in(groups: list[list[Piece]], piece: Piece, turn: int) -> bool:
    """Put a footnote's mark behind its word: many writers draw all of a page's marks at the end."""
    if piece.letters > MARK_CHARS:
        return False
    for group in groups[-MARK_LINES:]:
        line = group[0]
        if line.turn != turn or piece.size > MARK_SIZE * line.size:
            continue
        if min(line.top, piece.top) <= max(line.bottom, piece.bottom):
            continue
        gaps = (piece.words[0].left - word.right for part in group for word in part.words)
        if any(MARK_GAP_EM[0] < gap / line.size < MARK_GAP_EM[1] for gap in gaps):
            group.append(piece)
            return True
    return False


def _line(group: list[Piece], turn: int) -> Line:
    words = _words(group)
    widest = max(group, key=lambda piece: piece.letters)
    bullet = _bullet(words, widest.size)
    return Line(
        cells=tuple(_cells(words[1:] if bullet else words, widest.size)),
        bottom=min(piece.bottom for piece in group),
        top=max(piece.top for piece in group),
        size=round(widest.size, 1),
        bold=all(piece.bold for piece in group if piece.size > MARK_SIZE * widest.size),
        bullet=bullet,
        hyphen=group[-1].hyphen,
        tilted=group[0].turn != turn,
    )


def _words(group: list[Piece]) -> list[Word]:
    """Return the words of a line from left to right; halves that touch, drawn one by one, are one word."""
    drawn = [(word, piece) for piece in group for word in piece.words]
    if len(group) > 1 and not any(RIGHT_TO_LEFT.search(word.text) for word, _ in drawn):
        drawn.sort(key=lambda found: found[0].left)
    words: list[Word] = []
    last = None
    for word, piece in drawn:
        if last and last is not piece and _touch(words[-1], word, last.size, piece.size):
            words[-1] = words[-1]._replace(right=word.right, text=words[-1].text + word.text)
        else:
            words.append(word)
        last = piece
    return words


def _touch(word: Word, following: Word, size: float, other: float) -> bool:
    near = abs(following.left - word.right) < TOUCH_EM * size
    return near and MARK_SIZE < size / max(other, 1.0) < 1 / MARK_SIZE


def _bullet(words: list[Word], size: float) -> bool:
    first, following = (*words, None, None)[:2]
    if not first or not following or first.text in BULLET:
        return following is not None
    apart = following.left - first.right > BULLET_GAP_EM * size
    return first.text in DASH and apart and following.text[0].isalpha()


def _cells(words: list[Word], size: float) -> list[Cell]:
    cells: list[Cell] = []
    run: list[Word] = []
    gap_before = False
    for word in words:
        if LEADER.match(word.text):
            gap_before = True
            continue
        if run and (gap_before or _apart(run[-1], word, size)):
            cells.append(_cell(run))
            run = []
        run.append(word)
        gap_before = False
    return [*cells, _cell(run)] if run else cells


def _apart(word: Word, following: Word, size: float) -> bool:
    """Whether a cell ends between two words; a currency sign stays with its number, a percent sign too."""
    if word.text in CURRENCY or (following.text in CLOSING and NUMBER.match(word.text)):
        return False
    gap = following.left - word.right
    if gap >= CELL_GAP_EM * size:
        return True
    if following.text not in CURRENCY and (word.text[-1] == "," or not NUMBER.match(word.text)):
        return False
    return gap >= NUMBER_GAP_EM * size and (following.text in CURRENCY or bool(NUMBER.match(following.text)))


def _cell(words: list[Word]) -> Cell:
    return Cell(words[0].left, words[-1].right, " ".join(word.text for word in words))


def _settled(lines: list[Line]) -> list[Line]:
    """Move short lines that were drawn a little too late up to where they stand: stacked table headers."""
    settled: list[Line] = []
    for line in lines:
        at, first = len(settled), max(0, len(settled) - SETTLED_LINES)
        if not line.tilted and all(len(cell.text) <= STRAY_CHARS for cell in line.cells):
            while at > first and 0 < line.bottom - settled[at - 1].bottom < STRAY_EM * line.size:
                at -= 1
        settled.insert(at, line)
    return settled
