"""The first words of a document, with every later piece of it."""

import pytest

from schemas.document import Parsed
from tests.transforms.chunkers.cutting import cut, quotes, sentences
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import built
from transforms.chunkers.leads import CHARACTERS, TOKENS, WORDS

EMBED_TEXT = ("title", "headings", "lead", "text")
LIMIT = 160
FIRST = "Net sales of the third quarter by region and by kind of boat in thousands of crowns"


def letter(first: str = FIRST, count: int = 60) -> Parsed:
    return built(("paragraph", f"{first} {sentences(count)}"), title="Report")


def test_every_piece_but_the_first_has_the_first_words_before_its_text() -> None:
    first, *others = cut(letter(), LIMIT, embed_text=EMBED_TEXT)

    assert first["text"] == f"Report\n{first['quote']}"
    assert len(others) > 1
    lead = " ".join(FIRST.split()[:WORDS])
    assert [row["text"] for row in others] == [f"Report\n{lead}\n{row['quote']}" for row in others]


def test_it_stands_under_other_headings_too_and_after_them() -> None:
    parsed = built(
        ("heading", "Guide"), ("paragraph", "Boats are late."), ("heading", "Fees", 2), ("paragraph", "Pay.")
    )

    rows = cut(parsed, LIMIT, embed_text=EMBED_TEXT)

    assert [row["text"] for row in rows] == ["Guide\nBoats are late.", "Guide\nFees\nBoats are late.\nPay."]


def test_an_edit_of_the_first_words_moves_no_cut_and_is_in_every_piece() -> None:
    before = cut(letter(), LIMIT, embed_text=EMBED_TEXT)
    after = cut(letter(FIRST.replace("third", "last")), LIMIT, embed_text=EMBED_TEXT)

    assert quotes(before)[1:] == quotes(after)[1:]
    assert all("last quarter" in row["text"] for row in after)


def test_long_words_are_cut_to_whole_ones_that_fit() -> None:
    first = " ".join(["incomprehensibilities"] * WORDS)

    lead = cut(letter(first), LIMIT, embed_text=EMBED_TEXT)[1]["text"].split("\n")[1]

    assert set(lead.split()) == {"incomprehensibilities"}
    assert word_pieces().count([lead])[0] - word_pieces().count([""])[0] <= TOKENS


@pytest.mark.parametrize(("limit", "count"), [(127, 60), (LIMIT, CHARACTERS // 20)])
def test_short_pieces_and_long_documents_have_none(limit: int, count: int) -> None:
    parsed = letter(count=count)

    assert cut(parsed, limit, embed_text=EMBED_TEXT) == cut(parsed, limit)
