"""Word documents, by `unstructured.partition_docx`: headings by style, lists as Word numbers them, tables.

Mended here because that leaves words out in silence (0.27.32): content controls, tracked insertions, smart
tags, fields and text boxes are unwrapped first; footnotes and endnotes follow at the end. Deleted text stays
out, and so do the headers and footers of the page.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from transforms.parsers.build import TextBuilder
from transforms.parsers.elements import append_elements
from transforms.parsers.office import open_office, own_title
from transforms.parsers.offline import partitioner
from transforms.parsers.params import ParseParams, ParseResult

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
WRAPPERS = [W + name for name in ("sdtContent", "sdt", "ins", "moveTo", "smartTag", "fldSimple", "customXml")]
GONE = [W + name for name in ("sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "moveFrom")]
NOTES = ("/word/footnotes.xml", "/word/endnotes.xml")


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a Word document; its title is the title property, else the first outermost heading.

    Raises Rejected(CORRUPT) when it is not a zip archive, Rejected(TOO_LARGE) when it is a zip bomb.
    """
    import docx

    file = open_office(docx.Document, content, name="Word document")
    builder = TextBuilder()
    partition = partitioner("docx")
    append_elements(builder, partition(file=_mended(file, content), languages=["eng"]))
    for note in _notes(file):
        builder.add("paragraph", note)
    return ParseResult(parsed=(builder.parsed(title=own_title(file)),))


def _mended(file: Any, content: bytes) -> io.BytesIO:
    body = file.element.body
    changed = _lift_text_boxes(body)
    for element in list(body.iter(*WRAPPERS, *GONE))[::-1]:
        changed = True
        if element.tag not in GONE:
            _unwrap(element)
        _drop(element)
    if not changed:
        return io.BytesIO(content)
    mended = io.BytesIO()
    file.save(mended)
    mended.seek(0)
    return mended


def _lift_text_boxes(body: Any) -> bool:
    """Put a text box's paragraphs behind the one it is anchored in, without the copy for old programs."""
    for fallback in list(body.iter(FALLBACK)):
        _drop(fallback)
    boxes = list(body.iter(W + "txbxContent"))
    for box in reversed(boxes):
        anchor = next(box.iterancestors(W + "p"), None)
        if anchor is not None:
            for child in reversed(box):
                anchor.addnext(child)
    return bool(boxes)


def _unwrap(element: Any) -> None:
    for child in list(element):
        element.addprevious(child)


def _drop(element: Any) -> None:
    element.getparent().remove(element)


def _notes(file: Any) -> Iterator[str]:
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, no_network=True)
    for part in file.part.package.iter_parts():
        if str(part.partname) not in NOTES:
            continue
        for note in etree.fromstring(part.blob, safe):
            words = " ".join("".join(note.itertext(W + "t")).split())
            if words and note.get(W + "type") is None:
                yield f"[{note.get(W + 'id')}]: {words}"
