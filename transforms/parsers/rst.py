"""reStructuredText, read by docutils, the reference reader of the format.

Not `unstructured.partition_rst` (0.27.32), which starts pandoc for every file: over 40 PEPs that was 2.5
files per cpu-second against 55 here; it dropped the names of roles (`:pep:`8`` became `8`), and ran the
header of a PEP together into one paragraph. Directives that docutils does not know (Sphinx's) are read as
plain content.

Nothing outside the file is read: file inclusion and raw blocks are off, and no settings file is looked for.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from transforms.parsers.blocks import append
from transforms.parsers.build import TextBuilder
from transforms.parsers.doctree import Walker
from transforms.parsers.encoding import decode_text
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.txt import append_text

HEADER = re.compile(r"(?:[A-Z][A-Za-z-]{0,30}:(?:[ \t].*)?\n(?:[ \t]+\S.*\n)*){2,}(?=\n)")
"""The mail-like header that PEPs start with."""
HEADER_TITLE = re.compile(r"^Title:[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "sectsubtitle_xform": False,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "input_encoding": "unicode",
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": 10**9,
    "report_level": 5,
    "halt_level": 6,
    "warning_stream": None,
}


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a reStructuredText file as one document; the `Title:` of a PEP's header is the document's."""
    text = decode_text(content).lstrip("\n") + "\n"
    builder = TextBuilder()
    title = None
    if header := HEADER.match(text):
        builder.add("field", textwrap.dedent(header.group()))
        found = HEADER_TITLE.search(header.group())
        title = " ".join(found.group(1).split()) if found else None
        text = text[header.end() :]
    _append_rst(builder, text)
    return ParseResult(parsed=(builder.parsed(title=title),))


def _append_rst(builder: TextBuilder, text: str) -> None:
    try:
        blocks = Walker(read).blocks(read(text))
    except RecursionError:  # lists nested hundreds deep: docutils is recursive
        append_text(builder, text)
        return
    append(builder, blocks)


def read(text: str) -> Any:
    """Return docutils' tree of a text."""
    from docutils.core import publish_doctree
    from docutils.parsers.rst import directives

    directives.register_directive("date", _without_date())
    return publish_doctree(text, settings_overrides=dict(SETTINGS))


def _without_date() -> type[Any]:
    """`.. date::` would put today into the text: the same bytes must give the same document."""
    from docutils.parsers.rst import Directive

    class WithoutDate(Directive):  # type: ignore[misc]
        has_content = True

        def run(self) -> list[Any]:
            return []

    return WithoutDate
