"""Blocks: the parts of a page, before it is known whether a table holds values or only arranges the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from transforms.parsers.build import TextBuilder

GRID_MAX = 2_000_000
"""Cells of a table once padded to its widest row; without a limit 1 MB of page could ask for gigabytes."""
SPAN_MAX = 50
"""How many columns or rows one cell may claim."""
SPANNED_WIDTH_MAX = 1_000
"""Cells right of this column claim their own place only."""


@dataclass(slots=True)
class Block:
    """A heading, paragraph, list item, piece of code or table."""

    kind: str
    text: str = ""
    depth: int = 1
    rows: list[list[str]] = field(default_factory=list)


NOTHING: list[Block] = []
"""The place that a neighbor reaches into; never appended to."""


@dataclass(slots=True)
class Grid:
    """A table while it is read: rows of cells, each of them a list of blocks."""

    rows: list[list[list[Block]]] = field(default_factory=list)
    cell_open: bool = False
    has_header: bool = False
    _held: dict[int, int] = field(default_factory=dict)  # column: rows below that a cell still reaches into

    def open_row(self) -> None:
        """Start a row."""
        done = len(self.rows[-1]) if self.rows else 0
        self._held = {at: rows - (at >= done) for at, rows in self._held.items() if rows - (at >= done) > 0}
        self.rows.append([])

    def open_cell(self, *, columns: int = 1, rows: int = 1) -> list[Block]:
        """Return the list that takes the next cell's blocks; where a cell spans, its neighbors stay empty."""
        if not self.rows:
            self.open_row()
        row, cell = self.rows[-1], list[Block]()
        while self._held.get(len(row)):
            self._held[len(row)] -= 1
            row.append(NOTHING)
        if len(row) < SPANNED_WIDTH_MAX:
            columns, rows = min(max(columns, 1), SPAN_MAX), min(max(rows, 1), SPAN_MAX)
            self._held |= {len(row) + at: rows - 1 for at in range(columns) if rows > 1}
            row += [cell, *[NOTHING] * (columns - 1)]
        else:
            row.append(cell)
        self.cell_open = True
        return cell

    def blocks(self) -> list[Block]:
        """Return the table as one block, or its cells' blocks one by one where it only arranges them.

        It only arranges when a cell holds another table, a heading or code, or when it is one column without
        a header.
        """
        if self._arranges():
            return [block for row in self.rows for cell in row for block in cell]
        rows = [[" ".join(block.text for block in cell) for cell in row] for row in self.rows if row]
        return [Block("table", rows=rows)]

    def _arranges(self) -> bool:
        kinds = {block.kind for row in self.rows for cell in row for block in cell}
        width = max(map(len, self.rows), default=0)
        return bool(kinds & {"table", "heading", "code"}) or width <= (not self.has_header)


def append(builder: TextBuilder, blocks: Iterable[Block], *, page: int | None = None) -> None:
    """Append blocks to a document, in order."""
    for block in blocks:
        if block.kind == "heading":
            builder.heading(block.text, depth=block.depth, page=page)
        elif block.kind == "table":
            append_table(builder, block.rows, page=page)
        else:
            builder.add(block.kind, block.text, page=page)


def append_table(builder: TextBuilder, rows: list[list[str]], *, page: int | None = None) -> None:
    """Append a table, or its rows as paragraphs when padding them would take too much memory."""
    if len(rows) * max(map(len, rows), default=0) <= GRID_MAX:
        builder.table(rows, page=page)
        return
    for row in rows:
        builder.add("paragraph", " | ".join(cell for cell in row if cell), page=page)


def fenced(code: str, language: str = "") -> str:
    """Return code between fences that are longer than any in it."""
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"
