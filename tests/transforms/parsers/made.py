"""Small files made for the tests, and the questions most of them ask of a parsed document."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from schemas.document import Parsed
from transforms.parsers import media_type_of, parse
from transforms.parsers.params import ParseParams


def read(key: str, content: bytes | str) -> Parsed:
    raw = content.encode() if isinstance(content, str) else content
    (parsed,) = parse(raw, key=key, media_type=media_type_of(key), params=ParseParams()).parsed
    assert spans_are_whole(parsed)
    return parsed


def outline(parsed: Parsed) -> list[tuple[str, str]]:
    return [(element.type, parsed.text[element.start : element.end]) for element in parsed.elements]


def texts(parsed: Parsed, kind: str) -> list[str]:
    return [text for found, text in outline(parsed) if found == kind]


def path_of(parsed: Parsed, words: str) -> tuple[str, ...]:
    (found,) = (e for e in parsed.elements if words in parsed.text[e.start : e.end] and e.type != "heading")
    return found.headings


def spans_are_whole(parsed: Parsed) -> bool:
    return parsed.text == "\n\n".join(text for _, text in outline(parsed))


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def word_file(fill: Callable[[Any], None]) -> bytes:
    import docx

    document = docx.Document()
    fill(document)
    return saved(document)


def slides(fill: Callable[[Any], None]) -> bytes:
    import pptx

    presentation = pptx.Presentation()
    fill(presentation)
    return saved(presentation)


def saved(file: Any) -> bytes:
    written = io.BytesIO()
    file.save(written)
    return written.getvalue()


CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>The Book</dc:title></metadata>
<manifest>
  <item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>
  <item id="one" href="a%20folder/one.xhtml" media-type="application/xhtml+xml"/>
  <item id="css" href="book.css" media-type="text/css"/>
</manifest>
<spine><itemref idref="one"/><itemref idref="css"/><itemref idref="two"/></spine></package>"""
BOOK = {
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": PACKAGE,
    "OEBPS/a folder/one.xhtml": "<html><head><title/></head><h1>One</h1><p>first chapter</p></html>",
    "OEBPS/two.xhtml": "<html><body><h1>Two</h1><pre>a\n  b</pre></body></html>",
}
