"""PDF by PDFium: text in reading order with page numbers, headings where the font tells, tables as rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.pdf_layout import (
    Block,
    Heading,
    body_size,
    depth_by_look,
    heading,
    joined,
    page_blocks,
    without_running_lines,
)
from transforms.parsers.pdf_lines import Line, read_lines
from transforms.parsers.pdf_pieces import INVISIBLE

TAIL = 4096
"""A PDF ends in `startxref` and `%%EOF` (ISO 32000-1, 7.5.5); with neither near its end it was cut off."""
PAGE_TEXT = 400
"""A page with fewer characters says nothing about the size its body is set in."""
PUNCTUATION = ".,;:!?()[]\"'\u201c\u201d\u2018\u2019"
SPOKEN = re.compile(r"[^\W\d_]{3,}")
NO_TITLE = re.compile(r"(?i)^(untitled|title|document\d*|slide \d+|powerpoint presentation)$|\w_\w")
TOOL = re.compile(r"(?i)^microsoft (word|powerpoint|excel) - |\.(docx?|pptx?|xlsx?|pdf|indd|rtf|odt)$")


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a PDF as one document; every element knows its page.

    Rejects what is encrypted, damaged or cut off (`corrupt`), and what holds pictures of text only
    (`needs_ocr`). A PDF has no records, so `params` changes nothing.
    """
    tail = content.rstrip(b"\0\r\n\t ")[-TAIL:]
    if b"%%EOF" not in tail and b"startxref" not in tail:
        raise Rejected(Reason.CORRUPT, "no end-of-file mark: the PDF was cut off, or is none")
    document = _opened(content)
    try:
        title = _title(document)
        pages = [_page_lines(document, at) for at in range(len(document))]
    finally:
        document.close()
    if not any(pages):
        raise Rejected(Reason.NEEDS_OCR, f"{len(pages)} pages and not one letter of text")
    return ParseResult(parsed=(_built(pages, title),))


def _opened(content: bytes) -> Any:
    import pypdfium2  # type: ignore[import-untyped]

    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        locked = "assword" in str(error) or "security" in str(error)
        why = "it is encrypted and needs a password" if locked else f"PDFium cannot open it ({error})"
        raise Rejected(Reason.CORRUPT, why) from error


def _page_lines(document: Any, at: int) -> list[Line]:
    import pypdfium2

    try:
        page = document[at]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError as error:
        raise Rejected(Reason.CORRUPT, f"page {at + 1} is damaged ({error})") from error
    try:
        return read_lines(textpage)
    finally:
        textpage.close()
        page.close()


def _title(document: Any) -> str | None:
    """The title the file gives itself, or its first bookmark; file names and serial numbers are none."""
    bookmark = next(iter(document.get_toc(max_depth=1)), None)
    for title in (document.get_metadata_value("Title"), bookmark.get_title() if bookmark else ""):
        words = TOOL.sub("", " ".join(INVISIBLE.sub(" ", title).split()))
        if SPOKEN.search(words) and not NO_TITLE.search(words):
            return words
    return None


def _built(pages: list[list[Line]], title: str | None) -> Parsed:
    flags = ["pages_without_text"] if not all(pages) else []
    kept, running = without_running_lines(pages)
    flags += ["running_lines_removed"] if running else []
    blocks = [block for at, lines in enumerate(kept) for block in page_blocks(lines, at + 1)]
    looks = _looks(kept, blocks)
    depths = depth_by_look({look for look in looks if look})
    writer = _Writer(_Vocabulary(pages))
    for block, look in zip(blocks, looks, strict=True):
        writer.write(block, depths[look] if look else None)
    writer.builder.title = _first_page_title(blocks, looks)
    return writer.builder.parsed(title=title, flags=tuple(flags))


def _looks(pages: list[list[Line]], blocks: list[Block]) -> list[Heading | None]:
    body = body_size(pages)
    bodies = [
        max(body, body_size([lines])) if sum(len(line.text) for line in lines) >= PAGE_TEXT else body
        for lines in pages
    ]
    lowest = [min((line.bottom for line in lines), default=0.0) for lines in pages]
    return [_look(block, bodies[block.page - 1], lowest[block.page - 1]) for block in blocks]


def _look(block: Block, body: float, lowest: float) -> Heading | None:
    """Bold words of the body's size that close a page are a footer, not a heading over nothing."""
    look = heading(block, body)
    footer = look is not None and look.size <= body and block.lines[-1].bottom <= lowest
    return None if footer else look


class _Writer:
    """Writes blocks to a document and knows which headings are open."""

    def __init__(self, words: _Vocabulary) -> None:
        self.builder = TextBuilder()
        self._words = words
        self._open: dict[int, str] = {}
        self._page = 0

    def write(self, block: Block, depth: int | None) -> None:
        """Append a block; a heading that is repeated atop the next page does not begin its section again."""
        first, self._page = block.page != self._page, block.page
        if block.kind == "table":
            self.builder.table(block.rows, page=block.page)
            return
        text = joined(block.lines, self._words.__contains__)
        if depth is None or (first and self._open.get(depth) == text):
            listed = block.kind == "list_item"
            self.builder.add(
                "list_item" if listed else "paragraph", f"- {text}" if listed else text, page=block.page
            )
            return
        self._open = {**{d: t for d, t in self._open.items() if d < depth}, depth: text}
        self.builder.heading(text, depth=depth, page=block.page)


def _first_page_title(blocks: list[Block], looks: list[Heading | None]) -> str | None:
    """The largest heading on the first page that has any text."""
    first = [
        (look, block)
        for block, look in zip(blocks, looks, strict=True)
        if look and block.page == blocks[0].page
    ]
    _, block = max(first, key=lambda found: found[0].size, default=(None, None))
    return " ".join(line.text for line in block.lines) if block else None


class _Vocabulary:
    """The words of a document, gathered when the first hyphen asks for them."""

    def __init__(self, pages: list[list[Line]]) -> None:
        self._pages = pages
        self._words: frozenset[str] | None = None

    def __contains__(self, word: object) -> bool:
        if self._words is None:
            self._words = frozenset(self._all())
        return isinstance(word, str) and _bare(word) in self._words

    def _all(self) -> Iterator[str]:
        for lines in self._pages:
            for line in lines:
                # The halves of a broken word are no words.
                words = line.text.split()
                yield from map(_bare, words[:-1] if line.hyphen else words)


def _bare(word: str) -> str:
    return word.strip(PUNCTUATION).lower()
