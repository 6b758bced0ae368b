"""Plain text: paragraphs between blank lines, and headings only where the author marked them.

Our own, not `unstructured.partition_text`: that guesses which lines are titles, from capitals and verbs, and
gives no depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.parsers.build import TextBuilder
from transforms.parsers.encoding import decode_text
from transforms.parsers.params import ParseParams, ParseResult

BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
MARKED = re.compile(r"(#{1,6})[ \t]+(\S.*)")
UNDERLINE_DEPTH = {"=": 1, "-": 2}
HEADING_MAX = 120
"""Characters of a heading; a longer line that looks like one is text."""


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a text file as one document; lines keep their breaks and their indentation."""
    builder = TextBuilder()
    append_text(builder, decode_text(content))
    return ParseResult(parsed=(builder.parsed(),))


def append_text(builder: TextBuilder, text: str) -> None:
    """Append text, paragraph by paragraph."""
    for paragraph in _paragraphs(text):
        depth, heading, rest = _heading(paragraph)
        if heading:
            builder.heading(heading, depth=depth)
        builder.add("paragraph", rest)


def _paragraphs(text: str) -> Iterator[str]:
    start = 0
    for gap in BLANK_LINES.finditer(text):
        yield text[start : gap.start()]
        start = gap.end()
    yield text[start:]


def _heading(paragraph: str) -> tuple[int, str, str]:
    """A paragraph's depth, heading and rest: one line after `#`, or above a line of `=` or `-` as long."""
    first, _, rest = paragraph.strip("\n").partition("\n")
    if len(first) <= HEADING_MAX:
        if not rest and (marked := MARKED.fullmatch(first)):
            return len(marked.group(1)), marked.group(2), ""
        line, _, below = rest.partition("\n")
        if _underlines(line.rstrip(), first.strip()):
            return UNDERLINE_DEPTH[line[0]], first, below
    return 0, "", paragraph


def _underlines(line: str, words: str) -> bool:
    return len(line) >= 3 and set(line) in ({"="}, {"-"}) and len(words) / 2 <= len(line) <= 2 * len(words)  # noqa: PLR2004
