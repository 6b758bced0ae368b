from __future__ import annotations

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import BOOK, outline, path_of, read, zipped

ENCRYPTED = '<encryption><CipherReference URI="OEBPS/two.xhtml"/></encryption>'
ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def test_a_book_is_its_pages_in_the_order_of_the_spine() -> None:
    parsed = read("a.epub", zipped(BOOK))

    assert parsed.title == "The Book"
    assert outline(parsed) == [
        ("heading", "# One"),
        ("paragraph", "first chapter"),
        ("heading", "# Two"),
        ("code", "```\na\n  b\n```"),
    ]
    assert path_of(parsed, "first chapter") == ("One",)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"x": "y"}, Reason.CORRUPT),
        (BOOK | {"META-INF/container.xml": "<container/>"}, Reason.CORRUPT),
        ({name: part for name, part in BOOK.items() if "two" not in name}, Reason.CORRUPT),
        (BOOK | {"OEBPS/book.opf": ENTITY + BOOK["OEBPS/book.opf"]}, Reason.CORRUPT),
        (BOOK | {"META-INF/encryption.xml": ENCRYPTED}, Reason.UNSUPPORTED),
        (BOOK | {"big.bin": b"0" * 30_000_000}, Reason.TOO_LARGE),
        (BOOK | {"OEBPS/two.xhtml": b"<p>caf\xe9</p>"}, Reason.BAD_ENCODING),
    ],
    ids=["another zip", "no package", "no page", "entity", "encrypted", "bomb", "encoding"],
)
def test_what_is_no_book_is_rejected_with_its_reason(parts: dict[str, bytes | str], reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read("a.epub", zipped(parts))

    assert caught.value.reason is reason
