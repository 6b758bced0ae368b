"""A parser of one's own that reads Markdown as ours does, and one that reads it another way."""

from __future__ import annotations

from transforms.parsers.build import TextBuilder
from transforms.parsers.params import ParseParams, ParseResult

PLAIN = "tests.flows.own_parsers:plain"
SHOUTING = "tests.flows.own_parsers:shouting"


def plain(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - as every parser
    """Return every paragraph as it stands."""
    return _paragraphs(content.decode())


def shouting(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001
    """Return every paragraph that ends with a full stop in capitals."""
    parts = content.decode().split("\n\n")
    return _paragraphs("\n\n".join(part.upper() if part.rstrip().endswith(".") else part for part in parts))


def _paragraphs(text: str) -> ParseResult:
    builder = TextBuilder()
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            builder.add("paragraph", paragraph.strip())
    return ParseResult(parsed=(builder.parsed(),))
