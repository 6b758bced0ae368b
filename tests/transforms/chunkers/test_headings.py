"""What a chunk carries: the headings it stands under, and what its document says of itself."""

from __future__ import annotations

import pytest

from schemas.chunk import CHUNK
from schemas.document import Element, Parsed
from schemas.quarantine import Reason
from tests.transforms.chunkers.cutting import WORDS, cut, quotes, sentences
from tests.transforms.chunkers.tokenizers import Stubborn, word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings


def test_a_chunk_never_crosses_a_heading_and_carries_those_it_stands_under() -> None:
    rows = cut(
        built(("heading", "Leave"), ("paragraph", "All."), ("heading", "Sick", 2), ("paragraph", "Call in."))
    )

    assert quotes(rows) == ["All.", "Call in."]
    assert [row["headings"] for row in rows] == [["Leave"], ["Leave", "Sick"]]
    assert [row["text"] for row in rows] == ["Leave\nAll.", "Leave\nSick\nCall in."]


def test_a_first_heading_that_is_not_the_title_stays() -> None:
    (row,) = cut(
        built(("heading", "Leave"), ("heading", "Sick", 2), ("paragraph", "Call in."), title="Handbook")
    )

    assert row["text"] == "Handbook\nLeave > Sick\nCall in."


def test_embed_text_says_what_goes_before_the_text() -> None:
    parsed = built(("heading", "Leave"), ("heading", "Sick", 2), ("paragraph", "Call in."))

    assert [row["text"] for row in cut(parsed, embed_text=("text",))] == ["Call in."]
    assert [row["text"] for row in cut(parsed, embed_text=("headings", "text"))] == ["Leave > Sick\nCall in."]
    assert [row["text"] for row in cut(parsed, embed_text=("title", "text"))] == ["Leave\nCall in."]
    with pytest.raises(ValueError, match="must name 'text'"):
        cut(parsed, embed_text=("title",))


def test_a_heading_without_anything_under_it_is_a_chunk() -> None:
    rows = cut(
        built(("heading", "Top"), ("heading", "Empty", 2), ("heading", "Full", 2), ("paragraph", "Text."))
    )

    assert quotes(rows) == ["## Empty", "Text."]
    assert rows[0]["headings"] == ["Top", "Empty"]
    assert rows[0]["text"] == "Top\n## Empty"


def test_a_heading_too_long_for_a_prefix_is_text() -> None:
    heading = " ".join(WORDS * 3)

    rows = cut(built(("heading", "Top"), ("heading", heading, 2), ("paragraph", "Text.")), max_tokens=64)

    assert quotes(rows) == [f"## {heading}\n\nText."]
    assert rows[0]["text"] == f"Top\n## {heading}\n\nText."


def test_a_long_prefix_loses_its_outer_headings_before_its_title() -> None:
    path = [("heading", f"{WORDS[n]} {WORDS[n + 1]}", n) for n in range(1, 6)]

    (row,) = cut(built(*path, ("paragraph", "Text."), title="Handbook"), max_tokens=32)

    assert row["text"] == "Handbook\ndelta release > release table > table holiday\nText."
    assert len(row["headings"]) == 5


def test_a_long_title_is_cut_and_leaves_two_thirds_to_the_text() -> None:
    title = " ".join(WORDS * 10)

    rows = cut(built(("paragraph", sentences(40)), title=title), max_tokens=64)

    assert all(row["text"].startswith("alpha beta gamma") for row in rows)
    counts = word_pieces().count(quotes(rows))
    assert max(counts) > 64 / 2
    assert min(counts) > 64 / 8
    assert rows[0]["title"] == title


def test_what_a_document_says_of_itself_is_on_its_chunks() -> None:
    table = documents(
        [built(("paragraph", "Text."))], acl=["group:hr", "user:ann"], status="stale", title="Leave"
    )

    row = chunk(table, Headings(), tokenizer=word_pieces()).passed.to_pylist()[0]

    document = table.to_pylist()[0]
    copied = ("document_id", "source", "key", "uri", "title", "media_type", "language", "acl", "labels")
    assert {name: row[name] for name in copied} == {name: document[name] for name in copied}
    assert (row["source_at"], row["status"]) == (document["source_at"], "stale")


def test_text_that_no_element_claims_is_a_paragraph() -> None:
    text = "First.\n\n# Head\n\nLast."
    parsed = Parsed(
        text=text, elements=(Element(type="heading", start=8, end=14, depth=1, headings=("Head",)),)
    )

    rows = cut(parsed)

    assert quotes(rows) == ["First.", "Last."]
    assert [row["headings"] for row in rows] == [[], ["Head"]]


def test_a_document_without_text_is_rejected_and_its_neighbor_is_not() -> None:
    outcome = chunk(documents([built(), built(("paragraph", "Text."))]), Headings(), tokenizer=word_pieces())

    assert outcome.passed["quote"].to_pylist() == ["Text."]
    (rejected,) = outcome.rejected.to_pylist()
    assert (rejected["key"], rejected["stage"], rejected["reason"]) == (
        "item-0.md",
        "chunk",
        Reason.EMPTY_AFTER_PARSE,
    )


def test_a_document_no_limit_can_hold_is_rejected_whole() -> None:
    outcome = chunk(documents([built(("paragraph", sentences(9)))]), Headings(), tokenizer=Stubborn())

    assert len(outcome.passed) == 0
    assert outcome.rejected["reason"].to_pylist() == [Reason.TOO_MANY_TOKENS]


def test_no_documents_are_no_chunks() -> None:
    outcome = chunk(documents([]), Headings(), tokenizer=word_pieces())

    assert outcome.passed.schema.equals(CHUNK)
    assert (len(outcome.passed), len(outcome.rejected)) == (0, 0)


@pytest.mark.parametrize(("count", "limit"), [(12, 224), (60, 160), (400, 80)])
def test_a_longer_document_is_cut_finer_and_its_neighbors_as_they_would_be_alone(
    count: int, limit: int
) -> None:
    short, one = built(("paragraph", "Text.")), built(("paragraph", sentences(count)))

    together = chunk(documents([short, one, short]), Headings(), tokenizer=word_pieces()).passed
    alone = chunk(documents([short, one]), Headings(max_tokens=limit), tokenizer=word_pieces()).passed

    assert together.slice(0, len(alone)).equals(alone)
    assert together["quote"].to_pylist()[-1] == "Text."
    assert limit * 0.7 < max(alone["tokens"].to_pylist()) <= limit


@pytest.mark.parametrize(("characters", "tokens"), [(2_000, 224), (2_001, 160), (16_000, 160), (16_001, 80)])
def test_the_length_of_a_document_decides_the_size_of_its_chunks(characters: int, tokens: int) -> None:
    assert Headings().limit_tokens(characters) == tokens
    assert Headings(max_tokens=96).limit_tokens(characters) == 96


def test_a_limit_without_room_for_text_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        Headings(max_tokens=15)
