"""Tags to blocks: what a browser would show of a page, read in one pass and without recursion."""

from __future__ import annotations

import re
from collections.abc import Mapping

from transforms.parsers.blocks import Block, Grid, fenced
from transforms.parsers.html_words import BLOCKS, CODE, HEADINGS, LEFT_OUT, LISTS

INSIDE_A_HEADING = frozenset(("div", "hr", "center"))
INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
SPACE = re.compile(r"[ \t\n\r\f]+")  # what HTML folds; other spaces are the author's
LANGUAGE = re.compile(r"(?:^|\s)(?:language-|lang-|sourceCode )([\w+#.-]{1,20})")
RAISED = re.compile(r"[-+\u2212]?[0-9]")  # 10 to the power of 6 must not become 106
LIST_DEPTH_MAX = 8  # items deeper than this are not moved further to the right
TABLE_DEPTH_MAX = 20  # tables nested deeper than this are read as plain text


class Reader:
    """Receives a page's tags and words in order (lxml calls this a target) and makes blocks of them."""

    def __init__(self) -> None:
        self._sinks: list[list[Block]] = [[]]  # the page, and above it one for every open cell of a table
        self._grids: list[Grid] = []
        self._deep_tables = 0
        self._lines: list[list[str]] = [[]]
        self._lists: list[int | None] = []  # the next number of every open list; None for bullets
        self._marker = ""
        self._heading = 0
        self._left_out = 0
        self._code: list[str] = []
        self._code_depth = 0
        self._language = ""
        self._link, self._link_at = "", 0
        self._raised = False
        self._title: list[str] = []
        self._title_open = False

    def blocks(self) -> list[Block]:
        """Return what was read."""
        self._flush()
        return self._sinks[0]

    def title(self) -> str | None:
        """Return the words of the first `<title>`."""
        return " ".join("".join(self._title).split()) or None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Receive an opening tag."""
        if self._left_out or tag in LEFT_OUT or _hidden(tag, attributes):
            self._left_out += 1
        elif tag == "title":
            self._title_open = not self._title
        elif self._code_depth or tag in CODE:
            self._start_code(tag, attributes)
        elif tag in HEADINGS or tag in BLOCKS:
            self._start_block(tag, attributes)
        else:
            self._start_inline(tag, attributes)

    def data(self, text: str) -> None:
        """Receive a piece of text."""
        if self._left_out:
            return
        if self._title_open:
            self._title.append(text)
        elif self._code_depth:
            self._code.append(text)
        else:
            self._lines[-1].append(f"^{text}" if self._raised and RAISED.match(text) else text)
            self._raised = False

    def end(self, tag: str) -> None:
        """Receive a closing tag; lxml sends one for every opening tag, in order."""
        if self._left_out:
            self._left_out -= 1
        elif tag == "title":
            self._title_open = False
        elif self._code_depth:
            self._end_code(tag)
        elif tag in HEADINGS or tag in BLOCKS:
            self._end_block(tag)
        elif tag == "a":
            self._end_link()

    def close(self) -> None:
        """Receive the end of the page."""

    def _start_code(self, tag: str, attributes: Mapping[str, str]) -> None:
        if not self._code_depth:
            self._flush()
            self._language = ""
        if found := LANGUAGE.search(attributes.get("class") or ""):
            self._language = self._language or found.group(1)
        self._code_depth += tag in CODE
        if tag == "br":
            self._code.append("\n")

    def _end_code(self, tag: str) -> None:
        if tag in BLOCKS and self._code and not self._code[-1].endswith("\n"):
            self._code.append("\n")
        self._code_depth -= tag in CODE
        if not self._code_depth:
            code = "".join(self._code).removeprefix("\n").rstrip()
            self._code, self._marker = [], ""
            if code.strip():
                self._sinks[-1].append(Block("code", fenced(code, self._language)))

    def _start_block(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._heading and tag in INSIDE_A_HEADING:
            self._lines[-1].append(" ")
            return
        self._flush()
        self._heading = HEADINGS.get(tag, 0)
        if tag in LISTS:
            self._lists.append(_number(attributes.get("start"), 1) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag in ("table", "tr", "td", "th"):
            self._start_table(tag, attributes)

    def _end_block(self, tag: str) -> None:
        if self._heading and tag in INSIDE_A_HEADING:
            self._lines[-1].append(" ")
            return
        self._flush()
        self._heading = 0
        if tag in LISTS and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = ""
        elif tag in ("td", "th"):
            self._close_cell()
        elif tag == "table":
            self._end_table()

    def _start_inline(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "br":
            self._lines.append([])
            self._link = ""
        elif tag == "img":
            self._lines[-1].append(f" {attributes.get('alt') or ''} ")
            self._link = ""
        elif tag == "sup":
            self._raised = True
        elif tag == "a":
            self._link, self._link_at = attributes.get("href") or "", len(self._lines[-1])

    def _end_link(self) -> None:
        """A link without any words of its own shows its address."""
        words = self._lines[-1][self._link_at :]
        if self._link.startswith(("https://", "http://")) and not "".join(words).strip():
            self._lines[-1].append(self._link)
        self._link = ""

    def _start_table(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "table":
            self._deep_tables += bool(self._deep_tables or len(self._grids) >= TABLE_DEPTH_MAX)
            if not self._deep_tables:
                self._grids.append(Grid())
        elif self._grids and not self._deep_tables:
            self._close_cell()
            if tag == "tr":
                self._grids[-1].open_row()
                return
            columns, rows = (_number(attributes.get(name), 1) for name in ("colspan", "rowspan"))
            self._sinks.append(self._grids[-1].open_cell(columns=columns, rows=rows))
            self._grids[-1].has_header |= tag == "th"
            self._marker = ""

    def _close_cell(self) -> None:
        if self._grids and self._grids[-1].cell_open and not self._deep_tables:
            self._grids[-1].cell_open = False
            self._sinks.pop()

    def _end_table(self) -> None:
        if self._deep_tables:
            self._deep_tables -= 1
        elif self._grids:
            self._close_cell()
            self._sinks[-1] += self._grids.pop().blocks()
            self._marker = ""

    def _next_marker(self) -> str:
        if not self._lists:
            return "- "
        indent = "  " * (min(len(self._lists), LIST_DEPTH_MAX) - 1)
        number = self._lists[-1]
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _flush(self) -> None:
        lines = (SPACE.sub(" ", "".join(parts)).strip(" ") for parts in self._lines)
        text = "\n".join(line for line in lines if line)
        self._lines, self._link = [[]], ""
        if not text:
            return
        if self._heading:
            self._sinks[-1].append(Block("heading", text.replace("\n", " "), self._heading))
        else:
            kind = "list_item" if self._marker else "paragraph"
            self._sinks[-1].append(Block(kind, self._marker + text))
        self._marker = ""


def _hidden(tag: str, attributes: Mapping[str, str]) -> bool:
    if tag == "dialog" and "open" not in attributes:
        return True
    if not attributes or tag in ("html", "body"):  # pages hide their body until a script shows it
        return False
    if "hidden" in attributes or attributes.get("role") == "navigation":
        return True
    return INVISIBLE.search(attributes.get("style") or "") is not None


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value and re.fullmatch(r"[0-9]{1,9}", value.strip()) else otherwise
