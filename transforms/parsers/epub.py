"""Books: the pages of the spine in order, each read like any other page.

Our own on zip and the page reader, not `unstructured.partition_epub` (0.27.32), which starts pandoc for every
book and reads the result with the losses that `html.py` names.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.encoding import decode_page
from transforms.parsers.html import append_html
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.xml import read_xml
from transforms.parsers.zips import open_zip, read_part

PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a book as one document under its own title.

    Raises Rejected(CORRUPT) when it is no book, Rejected(TOO_LARGE) when it is a zip bomb and
    Rejected(UNSUPPORTED) when its pages are encrypted.
    """
    builder = TextBuilder()
    with open_zip(content) as archive:
        name, package = _package(archive)
        encrypted = _encrypted(archive)
        for page in _pages(name, package):
            if page in encrypted:
                raise Rejected(Reason.UNSUPPORTED, f"page {page!r} of the book is encrypted")
            append_html(builder, decode_page(_required(archive, page)))
    titles = package.xpath("//*[local-name()='metadata']/*[local-name()='title']")
    title = " ".join("".join(titles[0].itertext()).split()) if titles else ""
    return ParseResult(parsed=(builder.parsed(title=title or None),))


def _package(archive: zipfile.ZipFile) -> tuple[str, Any]:
    container = read_xml(_required(archive, "META-INF/container.xml"))
    names = container.xpath("//*[local-name()='rootfile']/@full-path")
    if not names:
        raise Rejected(Reason.CORRUPT, "the book's container names no package")
    return names[0], read_xml(_required(archive, names[0]))


def _pages(package_name: str, package: Any) -> Iterator[str]:
    folder = posixpath.dirname(package_name)
    manifest = package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
    items = {item.get("id"): item for item in manifest}
    for place in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']"):
        item = items.get(place.get("idref"))
        if item is not None and item.get("media-type") in PAGES:
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    listed = read_part(archive, "META-INF/encryption.xml")
    if listed is None:
        return set()
    return {unquote(name) for name in read_xml(listed).xpath("//*[local-name()='CipherReference']/@URI")}


def _required(archive: zipfile.ZipFile, name: str) -> bytes:
    content = read_part(archive, name)
    if content is None:
        raise Rejected(Reason.CORRUPT, f"the book has no part {name!r}")
    return content
