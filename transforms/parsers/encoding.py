"""Bytes to text, strictly: a wrong guess would be stored as words that nobody wrote."""

from __future__ import annotations

import codecs
import re

from schemas.quarantine import Reason, Rejected

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
META_WITHIN = 4096
"""Bytes of a page in which its encoding must be declared; HTML asks for 1024, real pages are late."""
DECLARED = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
XML_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
WEB_ENCODINGS = re.compile(
    r"us-ascii|ascii|utf-?8|(windows-|cp)125\d|iso-?8859-?\d+|latin-?\d|koi8-[ru]|gb(k|2312|18030)|big5|euc-(jp|kr)"
    r"|shift[_-]jis|iso-2022-jp|macintosh|ibm866|windows-874"
)
"""What a page may declare; the rest of Python's codecs are no text encodings, or slow on long input."""
WEB_NAMES = (
    (re.compile(r"us-ascii|ascii"), "utf-8"),
    (re.compile(r"iso-?8859-1|latin-?1"), "windows-1252"),
    (re.compile(r"gb(k|2312)"), "gb18030"),
    (re.compile(r"macintosh"), "mac-roman"),
)
"""What the web means by a name, where Python means less."""


def is_blank(content: bytes) -> bool:
    """Return whether the bytes are none, or only spaces, zeros and an encoding's mark."""
    mark = next((mark for mark, _ in BOMS if content.startswith(mark)), b"")
    return not content.removeprefix(mark).strip(b"\x00 \t\r\n\f\v")


def decode_text(content: bytes) -> str:
    """Return the text of UTF-8 (with or without a mark) or of marked UTF-16, its lines ending as on Unix.

    Raises Rejected(BAD_ENCODING) that names the offset of the first wrong byte.
    """
    return _unix(_strict(content, _marked(content) or "utf-8"))


def decode_page(content: bytes) -> str:
    """Return the text of an HTML page: by its mark, else by what it declares, else UTF-8."""
    return _unix(_strict(content, _marked(content) or _declared(content) or "utf-8"))


def decode_as(content: bytes, name: str | None) -> str:
    """Return the text of bytes whose encoding was named beside them; UTF-8 when that is no name."""
    named = name.lower() if name else ""
    known = _python_name(named) if WEB_ENCODINGS.fullmatch(named) else "utf-8"
    return _unix(_strict(content, _marked(content) or known))


def _unix(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _marked(content: bytes) -> str | None:
    return next((name for mark, name in BOMS if content.startswith(mark)), None)


def _declared(content: bytes) -> str | None:
    head = content[:META_WITHIN]
    found = DECLARED.search(head) or XML_DECLARED.search(head)
    if found is None:
        return None
    name = found.group(1).decode("ascii", "replace").lower()
    if name.startswith("utf-16"):
        return "utf-8"  # what could be read byte by byte is not UTF-16; the HTML standard says so too
    if not WEB_ENCODINGS.fullmatch(name):
        raise Rejected(Reason.BAD_ENCODING, f"the page declares the encoding {name!r}, which is not one")
    return _python_name(name)


def _python_name(name: str) -> str:
    return next((python for names, python in WEB_NAMES if names.fullmatch(name)), name)


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        wrong = content[error.start : error.start + 1].hex() or "nothing"
        message = f"byte 0x{wrong} at offset {error.start} is not {encoding}: {error.reason}"
        raise Rejected(Reason.BAD_ENCODING, message) from None
