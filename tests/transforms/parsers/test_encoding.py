from __future__ import annotations

import pytest

from schemas.quarantine import Reason, Rejected
from transforms.parsers.encoding import decode_as, decode_page, decode_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_and_unmarked_unicode_is_read(encoding: str) -> None:
    assert decode_text("Grüße\r\nund\rmehr".encode(encoding)) == "Grüße\nund\nmehr"


@pytest.mark.parametrize(
    ("content", "offset"),
    [(b"caf\xe9 au lait", 3), ("ok".encode("utf-16") + b"\x00", 6), (b"\xed\xa0\x80", 0), (b"a\xc3", 1)],
)
def test_wrong_bytes_are_rejected_by_their_offset(content: bytes, offset: int) -> None:
    with pytest.raises(Rejected, match=f"offset {offset} ") as caught:
        decode_text(content)

    assert caught.value.reason is Reason.BAD_ENCODING


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("iso-8859-1", "cp1252"), ("windows-1251", "cp1251"), ("Shift_JIS", "shift_jis"), ("utf-16", "utf-8")],
)
def test_a_page_is_read_by_what_it_declares(declared: str, encoding: str) -> None:
    words = {"cp1251": "привет", "shift_jis": "日本語"}.get(encoding, "déjà vu")

    assert words in decode_page(f'<meta charset="{declared}"><p>{words}'.encode(encoding))


def test_a_mark_counts_more_than_a_declaration() -> None:
    assert decode_page('<meta charset="latin1">é'.encode("utf-8-sig")).endswith("é")


@pytest.mark.parametrize("declared", ["base64", "unicode_escape", "utf-7", "no-such-thing"])
def test_what_is_no_encoding_of_the_web_is_rejected(declared: str) -> None:
    with pytest.raises(Rejected, match=declared):
        decode_page(f'<meta charset="{declared}"><p>x'.encode())


def test_a_page_that_is_not_what_it_declares_is_rejected() -> None:
    with pytest.raises(Rejected, match="not utf-8"):
        decode_page(b'<meta charset="utf-8"><p>caf\xe9')


@pytest.mark.parametrize("name", [None, "unknown-8bit", "us-ascii"])
def test_without_a_usable_name_text_is_utf_8(name: str | None) -> None:
    assert decode_as("é".encode(), name) == "é"
    assert decode_as(b"\xe9", "ISO-8859-1") == "é"
