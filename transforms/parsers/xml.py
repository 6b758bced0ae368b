"""XML of any vocabulary: its texts in order, with titles as headings.

Our own on lxml, not `unstructured.partition_xml`, which gives one element for the whole file. An element that
holds text among its children is a paragraph; one that holds only text is a field under its own name, as is
one that holds only attributes; `<title>` and its like are headings, as deep as they are nested.
"""

from __future__ import annotations

from typing import Any

from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import ParseParams, ParseResult

TITLES = frozenset(("title", "head", "heading", "caption"))
PROSE = frozenset("p para paragraph simpara description summary content body text note remark abstract".split())
"""Elements whose name says no more than that they hold text."""


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return an XML file as one document; raises Rejected(CORRUPT) when it is malformed or declares entities."""
    builder = TextBuilder()
    _append(builder, read_xml(content))
    return ParseResult(parsed=(builder.parsed(),))
