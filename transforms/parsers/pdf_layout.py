"""From lines to blocks: running lines out, then paragraphs, list items, tables and headings of every page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from transforms.parsers.pdf_lines import Line
from transforms.parsers.pdf_tables import Table, find_tables, line_pitch, table_rows, unbraided

RUNNING_SHARE = 0.6
"""A line is a header or a footer when more than this share of the pages has it."""
RUNNING_PAGES = 5
EDGE_LINES = 3
"""How many lines from the top and from the bottom of a page may be running ones."""

PARAGRAPH_DROP = 1.35
"""A drop this much larger than between the page's lines begins a new paragraph."""
HEADING_SIZE = 1.15
"""Letters this much larger than the body's make a heading."""
SAME_SIZE = 1.06
HEADING_LINES = 3
HEADING_CHARS = 160
BOLD_CHARS = 120
SENTENCE_CHARS = 60
"""A bold line that ends like a sentence is a heading only up to here: risk factors are bold sentences."""
DEPTHS = 6
SHORT_LINE = 0.85
"""A line that ends before this share of the page's right margin was ended on purpose."""

WORD = re.compile(r"[^\W\d_]{3,}")


class Block(NamedTuple):
    """A part of a page: its kind, its lines, and a table's rows."""

    kind: str  # text | list_item | table
    page: int  # from 1
    lines: list[Line]
    rows: list[list[str]]


class Heading(NamedTuple):
    """How a block that is a heading looks; larger sorts first, then bold capitals, then bold."""

    size: float
    weight: int


def without_running_lines(pages: list[list[Line]]) -> tuple[list[list[Line]], bool]:
    """Return the pages without repeated headers, footers and page numbers, and whether there were any.

    Only lines at a page's edge go, and only those that are equal on most pages, apart from a number that
    counts the pages. A line that holds more than the page's number stays where it stands first.
    """
    seen = Counter(key for at, lines in enumerate(pages) for key in _edge_keys(lines, at))
    most = max(RUNNING_PAGES - 1, RUNNING_SHARE * len(pages))
    running = {key for key, count in seen.items() if count > most}
    if not running:
        return pages, False
    kept: set[str] = set()
    return [_without(lines, at, running, kept) for at, lines in enumerate(pages)], True


def page_blocks(lines: list[Line], page: int) -> list[Block]:
    """Return a page's blocks in the order it draws them."""
    pitch = line_pitch(lines)
    margin = max((line.right for line in lines), default=0.0)
    lines = unbraided(lines)
    blocks: list[Block] = []
    at = 0
    for table in [*find_tables(lines, pitch), Table(len(lines), len(lines))]:
        blocks += _text_blocks(lines[at : table.first], page, pitch, margin)
        if table.first < len(lines):
            inside = lines[table.first : table.last + 1]
            blocks.append(Block("table", page, inside, table_rows(inside)))
        at = table.last + 1
    return blocks


def body_size(pages: list[list[Line]]) -> float:
    """Return the letter size in which most of the text is set, in points."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[line.size] += len(line.text)
    return _middle(sizes)


def heading(block: Block, body: float) -> Heading | None:
    """Return how a block looks if it looks like a heading over text of size `body`."""
    text = " ".join(line.text for line in block.lines)
    spoken = block.kind == "text" and WORD.search(text) and not block.lines[0].tilted
    if not spoken or len(block.lines) > HEADING_LINES or len(text) > HEADING_CHARS:
        return None
    size, bold = max(line.size for line in block.lines), all(line.bold for line in block.lines)
    if size >= HEADING_SIZE * body:
        return Heading(size, 2 * bold)
    if not bold or size < body / SAME_SIZE or len(text) > BOLD_CHARS or text[-1] in ",;":
        return None
    sentence = text[-1] == "." and len(text) > SENTENCE_CHARS
    return None if sentence else Heading(body, 2 if text.isupper() else 1)


def depth_by_look(looks: set[Heading]) -> dict[Heading, int]:
    """Rank the looks of a document's headings: the largest letters are depth 1; no more than 6 depths."""
    depths: dict[Heading, int] = {}
    depth, size, weight = 0, float("inf"), -1
    for look in sorted(looks, reverse=True):
        if look.size * SAME_SIZE < size or look.weight != weight:
            depth += 1
            size, weight = look.size, look.weight
        depths[look] = min(depth, DEPTHS)
    return depths


def joined(lines: list[Line], is_word: Callable[[str], bool]) -> str:
    """Return lines as running text; a hyphen at a line's end goes unless the word is written with one."""
    text = lines[0].text
    for line, following in pairwise(lines):
        text += (_seam(line.text, following.text, is_word) if line.hyphen else " ") + following.text
    return text


def _seam(left: str, right: str, is_word: Callable[[str], bool]) -> str:
    head, tail = left.rsplit(maxsplit=1)[-1], right.split(maxsplit=1)[0]
    if "-" in head + tail or not (head[-1].islower() and tail[0].islower()):
        return "-"
    if is_word(head + tail):
        return ""
    return "-" if is_word(f"{head}-{tail}") or (is_word(head) and is_word(tail)) else ""


def _edge_keys(lines: list[Line], at: int) -> set[tuple[str, int | None]]:
    return {key for line in _edges(lines) for key in _keys(line.text, at)}


def _edges(lines: list[Line]) -> list[Line]:
    ordered = sorted(lines, key=lambda line: -line.top)
    return ordered if len(ordered) <= 2 * EDGE_LINES else ordered[:EDGE_LINES] + ordered[-EDGE_LINES:]


def _keys(text: str, at: int) -> Iterator[tuple[str, int | None]]:
    """The line as it is, and with each of its numbers as one that runs along with the pages."""
    yield text, None
    for number in re.finditer(r"\d{1,5}", text):
        yield f"{text[: number.start()]}\0{text[number.end() :]}", int(number.group()) - at


def _without(lines: list[Line], at: int, running: set[tuple[str, int | None]], kept: set[str]) -> list[Line]:
    left = []
    edges = {id(line) for line in _edges(lines)}
    for line in lines:
        found = [text for text, offset in _keys(line.text, at) if (text, offset) in running]
        if id(line) in edges and found and (found[0] in kept or not WORD.search(found[0])):
            continue
        repeated = id(line) in edges and bool(found)
        kept.update(found if repeated else ())
        left.append(line._replace(bold=False) if repeated else line)
    return left


def _text_blocks(lines: list[Line], page: int, pitch: float, margin: float) -> list[Block]:
    blocks: list[list[Line]] = []
    for line in lines:
        if blocks and not _begins(blocks[-1], line, pitch, margin):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [Block("list_item" if block[0].bullet else "text", page, block, []) for block in blocks]


def _begins(block: list[Line], line: Line, pitch: float, margin: float) -> bool:
    """Whether a line begins a new block after the lines of the last one."""
    last = block[-1]
    if line.bullet or line.tilted != last.tilted:
        return True
    if last.hyphen or line.tilted:
        return False
    drop = last.bottom - line.bottom
    if not -0.5 * last.size < drop <= PARAGRAPH_DROP * pitch * last.size:
        return True
    return abs(line.size - last.size) > 0.08 * last.size or _breaks_style(block, line, margin)


def _breaks_style(block: list[Line], line: Line, margin: float) -> bool:
    """Whether the line before ended early, and this one is set in another weight, or indented."""
    last = block[-1]
    if block[0].bullet and line.left < block[0].left - 0.5 * line.size:
        return True
    if last.right >= SHORT_LINE * margin:
        return False
    if last.bold != line.bold and all(one.bold == last.bold for one in block):
        return True
    return len(block) == 1 and not last.bullet and line.left > last.left + 0.8 * line.size


def _middle(sizes: Counter[float]) -> float:
    half, total = sum(sizes.values()) / 2, 0
    for size in sorted(sizes):
        total += sizes[size]
        if total >= half:
            return size
    return 0.0
