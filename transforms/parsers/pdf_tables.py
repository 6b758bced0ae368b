"""Tables in PDF text: runs of lines that fall into the same columns, as rows of cells.

A PDF says where letters stand, not what a table is. Numbers give the columns away: those of one column
overlap, those of two do not. Words are then sorted into the columns the numbers span, or between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from transforms.parsers.pdf_lines import NUMBER, Cell, Line

ROW_DROP_EM = 3.5
LABEL_DROP_EM = 3.0
BRIDGE_DROP_EM = 2.2
"""The farthest two lines of one table are apart, in letter sizes, baseline to baseline: before a row, before
a label alone, before other words alone. Where lines stand wider than `CLOSE_PITCH`, so much the more."""
CLOSE_PITCH = 1.4
RISE_EM = 0.5
PITCHES = (0.8, 2.2)
"""Between these drops, in letter sizes, lines belong to one text."""
BRIDGE_LINES = 3
"""How many lines of a single cell (a section's name, a wrapped label) may stand between two rows."""
HEADER_ROWS = 6
TABLE_LINES = 500
"""More lines than any page of a table holds; what is longer is cut, so that no page takes forever."""
COUNTED_ROWS = 2
WORDED_ROWS = 3
"""The fewest rows that make a table: with figures in half of them, and without figures."""
FIGURE_CHARS = 40
"""Up to this long, words with a digit count as a figure: `approximately $900 million`."""
PROSE_CELL_CHARS = 45
"""Cells without numbers that are longer than this on average are two columns of prose."""

PROSE_LINES = 4
PROSE_SIDE_CHARS = 25
BOTH = 2
"""Two columns, four lines or more, each side this long on average: prose that was drawn across the gutter."""

YEAR = re.compile(r"^(FY)?(19|20)\d\d[*,]?$")
MARK = re.compile(r"^\(?([\divxlc]{1,4}|[a-zA-Z*†‡#]{1,2})[.)]{0,2}$")


class Table(NamedTuple):
    """Lines `first` to `last` (inclusive) of a page are one table."""

    first: int
    last: int


def line_pitch(lines: list[Line]) -> float:
    """Return the usual drop from one line to the next, as a multiple of the letter size."""
    drops = [
        (line.bottom - following.bottom) / line.size
        for line, following in pairwise(lines)
        if line.size > 0 and line.size == following.size
    ]
    usual = [drop for drop in drops if PITCHES[0] < drop < PITCHES[1]]
    return median(usual) if usual else CLOSE_PITCH


def find_tables(lines: list[Line], pitch: float) -> list[Table]:
    """Return the tables among a page's lines, in order, not overlapping."""
    wide = max(1.0, pitch / CLOSE_PITCH)
    tables: list[Table] = []
    at = 0
    while at < len(lines):
        last = _last_row(lines, at, wide) if is_row(lines[at]) else at
        if last > at and _is_table(lines[at : last + 1]):
            floor = tables[-1].last + 1 if tables else 0
            tables.append(Table(_first_header(lines, at, last, floor), last))
            at = last
        at += 1
    return tables


def unbraided(lines: list[Line]) -> list[Line]:
    """Return two columns of prose one after the other where the page draws them line by line."""
    ordered: list[Line] = []
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and _beside(lines[at], lines[end]):
            end += 1
        run = lines[at:end]
        if len(run) >= PROSE_LINES and _is_prose([cell for line in run for cell in line.cells]):
            run = [line._replace(cells=line.cells[side : side + 1]) for side in (0, 1) for line in run]
        ordered += run
        at = end
    return ordered


def _beside(first: Line, line: Line) -> bool:
    if not len(line.cells) == len(first.cells) == BOTH or line.tilted or line.bullet:
        return False
    return abs(line.cells[1].left - first.cells[1].left) < line.size


def _is_prose(cells: list[Cell]) -> bool:
    sides = [sum(len(cell.text) for cell in cells[side::2]) / (len(cells) // 2) for side in (0, 1)]
    return min(sides) >= PROSE_SIDE_CHARS


def table_rows(lines: list[Line]) -> list[list[str]]:
    """Return a table's rows, header first (blank if it has none), every row with the same number of cells."""
    columns = _Columns(lines)
    rows = _narrowed([columns.row(line) for line in lines])
    split = _header_length(rows)
    header = [" ".join(filter(None, column)) for column in zip(*rows[:split], strict=True)]
    return [header or [""] * len(rows[0]), *_unwrapped(rows[split:])]


def is_row(line: Line) -> bool:
    """Whether a line falls into cells; a mark such as (1) before a sentence is not a cell."""
    if line.tilted or line.bullet or len(line.cells) < BOTH:
        return False
    return len(line.cells) > BOTH or _numeric(line.cells[1]) or not MARK.match(line.cells[0].text)


def _last_row(lines: list[Line], first: int, wide: float) -> int:
    """Follow the rows from `first`, over the few single cells that may stand between them."""
    last, edge = first, _edge(lines[first])
    for at in range(first + 1, min(len(lines), first + TABLE_LINES)):
        line = lines[at]
        drop_em = (lines[at - 1].bottom - line.bottom) / (wide * max(line.size, lines[at - 1].size, 1.0))
        if line.tilted or not -RISE_EM < drop_em < ROW_DROP_EM:
            break
        if is_row(line):
            last, edge = at, min(edge, _edge(line))
        elif at - last > BRIDGE_LINES or not _bridges(line, edge, drop_em, lines[first].size):
            break
    return last


def _edge(row: Line) -> float:
    """Where the columns begin: the label, if the row has one, ends before."""
    return row.cells[0].left if _numeric(row.cells[0]) else row.cells[1].left


def _bridges(line: Line, edge: float, drop_em: float, size: float) -> bool:
    """Whether a single cell stands among the labels, left of `edge`, or close over the columns."""
    if line.size > 1.25 * size:
        return False
    return (
        drop_em < LABEL_DROP_EM
        if line.right <= edge + line.size
        else (line.left >= edge and drop_em < BRIDGE_DROP_EM)
    )


def _is_table(lines: list[Line]) -> bool:
    rows = [line for line in lines if is_row(line)]
    counted = sum(any(_counts(cell) for cell in row.cells[1:]) for row in rows)
    if len(rows) >= COUNTED_ROWS and 2 * counted >= len(rows):
        return True
    cells = [cell for row in rows for cell in row.cells]
    if sum(len(cell.text) for cell in cells) > PROSE_CELL_CHARS * len(cells):
        return False
    starts = [round(row.cells[1].left / max(row.size, 1.0)) for row in rows]
    return len(rows) >= WORDED_ROWS and max(starts.count(start) for start in starts) * 2 > len(rows)


def _counts(cell: Cell) -> bool:
    return _numeric(cell) or (len(cell.text) <= FIGURE_CHARS and any(map(str.isdigit, cell.text)))


def _first_header(lines: list[Line], first: int, last: int, floor: int) -> int:
    """Take in the single cells right above that stand over the columns, not over the labels."""
    edge = min(_edge(line) for line in lines[first : last + 1] if is_row(line))
    at = first
    while at > max(floor, first - HEADER_ROWS):
        line = lines[at - 1]
        apart = line.bottom - lines[at].bottom
        if line.tilted or line.bullet or line.left < edge - line.size or not 0 < apart < 2 * line.size:
            break
        at -= 1
    return at


class _Columns:
    """The columns of a table, found from the cells of its rows."""

    def __init__(self, lines: list[Line]) -> None:
        rows = [line for line in lines if is_row(line)]
        counted = _merged((c.left, c.right) for line in rows for c in line.cells if _numeric(c))
        first = counted[0][0] if counted else float("inf")
        free = [
            (cell.left, min(cell.right, first) if at == 0 and cell.left < first else cell.right)
            for line in rows
            for at, cell in enumerate(line.cells)
            if not _numeric(cell) and (not _touched(cell, counted) or (at == 0 and cell.left < first))
        ]
        self._spans = sorted([*counted, *_merged(free)])
        self._starts = [left for left, _ in self._spans]

    def row(self, line: Line) -> list[str]:
        """Return the line's cells, one for every column."""
        texts: list[list[str]] = [[] for _ in self._spans]
        for cell in line.cells:
            texts[self._column(cell)].append(cell.text)
        return [" ".join(column) for column in texts]

    def _column(self, cell: Cell) -> int:
        """The column a cell begins in; one that spans several stands in the first."""
        before = max(0, bisect_right(self._starts, cell.left) - 1)
        inside = cell.left < self._spans[before][1]
        ahead = before + 1 < len(self._spans) and cell.right > self._starts[before + 1]
        return before + 1 if ahead and not inside else before


def _merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if merged and left < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _touched(cell: Cell, spans: list[tuple[float, float]]) -> bool:
    return any(left < cell.right and cell.left < right for left, right in spans)


def _numeric(cell: Cell) -> bool:
    return bool(NUMBER.match(cell.text.replace(" ", "")))


def _narrowed(rows: list[list[str]]) -> list[list[str]]:
    """Join a column of words only with a neighbor, if no row has both: a header set beside its numbers."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    at = 1
    while at + 1 < len(columns):
        left, right = columns[at], columns[at + 1]
        worded = any(not any(map(_figure, column)) for column in (left, right))
        if worded and not any(one and other for one, other in zip(left, right, strict=True)):
            columns[at : at + 2] = [[one or other for one, other in zip(left, right, strict=True)]]
        else:
            at += 1
    return [list(row) for row in zip(*columns, strict=True)]


def _header_length(rows: list[list[str]]) -> int:
    """Count the leading rows that hold no figures of their own: column names, dates, units."""
    for at, row in enumerate(rows[: HEADER_ROWS + 1]):
        named = any(row[1:])
        if at > 0 and not named and any(rows[at - 1][1:]):
            return at
        if row[0] and any(_figure(text) for text in row[1:]):
            return at
    return 1 if any(rows[0][1:]) and not any(_figure(text) for text in rows[0][1:]) else 0


def _figure(text: str) -> bool:
    return bool(NUMBER.match(text.replace(" ", ""))) and not YEAR.match(text)


def _unwrapped(rows: list[list[str]]) -> list[list[str]]:
    """Join a label that was broken over two lines: the second half begins in lower case."""
    joined: list[list[str]] = []
    for row in rows:
        if joined and row[0][:1].islower() and not any(joined[-1][1:]) and joined[-1][0][-1:] not in ":.":
            joined[-1] = [f"{joined[-1][0]} {row[0]}", *row[1:]]
        else:
            joined.append(row)
    return joined
