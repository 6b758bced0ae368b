"""What a PDF becomes: a document with a title, every word once and on its page, or a reason why not."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.drawn import BOLD, PROSE, REGULAR, Page, pdf, read, refusal
from transforms.parsers.params import ParseParams
from transforms.parsers.pdf import parse


def test_every_element_knows_its_page() -> None:
    document = read(Page().lines("One."), Page().lines("Two."), Page().lines("Three."))

    assert [(part.page, document.text[part.start : part.end]) for part in document.elements] == [
        (1, "One."),
        (2, "Two."),
        (3, "Three."),
    ]


def test_pages_without_text_are_flagged_and_keep_the_numbers_right() -> None:
    document = read(Page().lines("One."), Page(), Page().lines("Three."))

    assert document.flags == ("pages_without_text",)
    assert [part.page for part in document.elements] == [1, 3]


def test_pictures_of_text_need_ocr() -> None:
    assert refusal(pdf(Page(), Page())).reason is Reason.NEEDS_OCR


def test_an_encrypted_pdf_is_rejected_and_says_so() -> None:
    lock = "<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + "41" * 32 + "> /U <" + "42" * 32 + "> >>"
    trailer = f"/Encrypt {lock} /ID [<{'00' * 16}> <{'00' * 16}>]"

    refused = refusal(pdf(Page().lines("Secret."), trailer=trailer))

    assert refused.reason is Reason.CORRUPT
    assert "encrypted" in refused.message


@pytest.mark.parametrize(
    "content",
    [
        b"not a pdf at all",
        b"%PDF-1.7\n%%EOF\n",
        pdf(Page().lines(*PROSE)).partition(b"startxref")[0],
        pdf(Page().lines(*PROSE))[: len(pdf(Page().lines(*PROSE))) // 2],
        b"",
    ],
)
def test_what_is_damaged_or_cut_off_is_corrupt(content: bytes) -> None:
    assert refusal(content).reason is Reason.CORRUPT


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ("/Title (Field guide)", "Field guide"),
        ("/Title (Microsoft Word - Field guide.docx)", "Field guide"),
        ("/Title (0001065280-16-000047)", "Bookmarked"),
        ("/Title (untitled)", "Bookmarked"),
        ("/Title (field_guide_v2_final)", "Bookmarked"),
        ("", "Bookmarked"),
    ],
)
def test_the_title_is_the_files_own_or_its_first_bookmark(info: str, title: str) -> None:
    outline = "<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>"
    bookmark = "<< /Title (Bookmarked) /Parent 6 0 R >>"
    content = pdf(Page().lines(*PROSE), info=info, catalog="/Outlines 6 0 R", extra=(outline, bookmark))

    (document,) = parse(content, key="a.pdf", params=ParseParams()).parsed

    assert document.title == title


LETTERS = st.text(
    "abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9
)  # single ones in a column are one word
PLACED = st.lists(
    st.tuples(LETTERS, st.integers(0, 3), st.sampled_from([8, 10, 14]), st.sampled_from([REGULAR, BOLD])),
    min_size=1,
    max_size=25,
)


@given(st.lists(PLACED, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_every_word_drawn_is_in_the_text_once_and_every_span_round_trips(
    drawn: list[list[tuple[str, int, int, str]]],
) -> None:
    pages = []
    for words in drawn:
        pages.append(Page())
        for at, (word, column, size, font) in enumerate(words):
            pages[-1].put(word, 40 + 140 * column, 770 - 30 * at, size=size, font=font)

    document = read(*pages)

    assert Counter(re.findall("[a-z]+", document.text)) == Counter(
        word for words in drawn for word, *_ in words
    )
    assert "\n\n".join(document.text[part.start : part.end] for part in document.elements) == document.text
    assert all(part.page in range(1, len(drawn) + 1) for part in document.elements)


@given(st.binary(max_size=300), st.integers(0, 2000))
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_is_a_rejection_or_a_document_and_never_a_crash(junk: bytes, place: int) -> None:
    whole = pdf(Page().lines(*PROSE), Page().row("Sales", "1", "2", y=700).row("Costs", "3", "4", y=686))
    content = whole[:place] + junk + whole[place + len(junk) :]

    outcome = attempt(content)

    if isinstance(outcome, Reason):
        assert outcome in (Reason.CORRUPT, Reason.NEEDS_OCR)
    else:
        assert not re.search("[\0\ud800-\udfff]", outcome.text)


def attempt(content: bytes) -> Parsed | Reason:
    try:
        return parse(content, key="a.pdf", params=ParseParams()).parsed[0]
    except Rejected as refused:
        return refused.reason
