from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chunk import CHUNK
from schemas.document import Element, Parsed
from schemas.quarantine import Reason
from schemas.tools import Tokenizer
from tests.transforms.chunkers.tokenizers import Crooked, Pieced, Stubborn, word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings

WORDS = ("alpha", "beta", "gamma", "delta", "release", "table", "holiday", "invoice", "budget", "office")


def cut(parsed: Parsed, max_tokens: int = 256, **more: Any) -> list[dict[str, Any]]:
    outcome = chunk(documents([parsed]), Headings(max_tokens=max_tokens), tokenizer=word_pieces(), **more)
    rows: list[dict[str, Any]] = outcome.passed.to_pylist()
    return rows


def sentences(count: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    return " ".join(" ".join(rng.choices(WORDS, k=9)).capitalize() + f" {seed}-{n}." for n in range(count))


def quotes(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["quote"] for row in rows]


# --- laws ---

TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [*WORDS, "3.14", "e.g.", "Why?", "no!", "naïve", "这是。句子", "👩‍👩‍👧", "x" * 130, "\n", "  "]
        ),
        max_size=80,
    ).map(" ".join),
)
ELEMENTS = st.one_of(
    st.tuples(st.just("heading"), TEXTS, st.integers(1, 4)),
    st.tuples(
        st.sampled_from(["paragraph", "list_item", "code", "page", "message", "field", "table"]), TEXTS
    ),
    st.tuples(
        st.just("table"), st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), max_size=20)
    ),
)
DOCUMENTS = st.lists(ELEMENTS, max_size=12).map(lambda elements: built(*elements))
TOKENIZERS = st.sampled_from([word_pieces(), word_pieces(), Crooked(), Pieced()])
LIMITS = st.integers(16, 64)
LAW = settings(deadline=None)


@LAW
@given(parsed=DOCUMENTS, tokenizer=TOKENIZERS, limit=LIMITS)
def test_every_span_round_trips_and_ends_the_embedded_text(
    parsed: Parsed, tokenizer: Tokenizer, limit: int
) -> None:
    rows = chunk(documents([parsed]), Headings(max_tokens=limit), tokenizer=tokenizer).passed.to_pylist()

    assert all(parsed.text[row["start"] : row["end"]] == row["quote"] for row in rows)
    assert all(row["text"].endswith(row["quote"]) and row["quote"].strip() for row in rows)
    assert all(before["end"] <= after["start"] for before, after in pairwise(rows))
    assert [row["ordinal"] for row in rows] == list(range(len(rows)))


@LAW
@given(parsed=DOCUMENTS, tokenizer=TOKENIZERS, limit=LIMITS)
def test_the_embedded_text_is_never_over_the_limit(parsed: Parsed, tokenizer: Tokenizer, limit: int) -> None:
    passed = chunk(documents([parsed]), Headings(max_tokens=limit), tokenizer=tokenizer).passed

    assert passed["tokens"].to_pylist() == tokenizer.count(passed["text"].to_pylist())
    assert max(passed["tokens"].to_pylist(), default=0) <= limit


@LAW
@given(parsed=DOCUMENTS, tokenizer=TOKENIZERS, limit=LIMITS)
def test_no_character_is_lost(parsed: Parsed, tokenizer: Tokenizer, limit: int) -> None:
    rows = chunk(documents([parsed]), Headings(max_tokens=limit), tokenizer=tokenizer).passed.to_pylist()

    covered = {at for row in rows for at in range(row["start"], row["end"])}
    paths = {tuple(row["headings"][:depth]) for row in rows for depth in range(1, len(row["headings"]) + 1)}
    for element in parsed.elements:
        if element.type == "heading" and element.headings in paths:
            covered.update(range(element.start, element.end))
    assert [at for at, character in enumerate(parsed.text) if character.strip() and at not in covered] == []


@LAW
@given(several=st.lists(DOCUMENTS, max_size=4), limit=LIMITS)
def test_a_document_is_cut_the_same_whatever_stands_beside_it(several: list[Parsed], limit: int) -> None:
    table, params = documents(several), Headings(max_tokens=limit)

    together = chunk(table, params, tokenizer=word_pieces())
    alone = [chunk(table.slice(n, 1), params, tokenizer=word_pieces()) for n in range(len(table))]

    assert together.passed.equals(pa.concat_tables([CHUNK.empty_table(), *(one.passed for one in alone)]))
    chunked = set(together.passed["document_id"].to_pylist())
    assert sorted(chunked | set(together.rejected["document_id"].to_pylist())) == sorted(
        table["document_id"].to_pylist()
    )
    assert len(chunked) + len(together.rejected) == len(table)


@LAW
@given(parsed=DOCUMENTS, limit=LIMITS)
def test_chunk_ids_are_unique_and_the_same_every_time(parsed: Parsed, limit: int) -> None:
    first, second = cut(parsed, limit), cut(parsed, limit)

    assert first == second
    assert len({row["chunk_id"] for row in first}) == len(first)


# --- what a change costs ---


def long_document(flat: bool) -> list[tuple[Any, ...]]:
    rng = random.Random(3)
    elements: list[tuple[Any, ...]] = [("heading", "Guide", 1)]
    for n in range(140):
        if not flat and n % 12 == 0:
            elements.append(("heading", f"Chapter {n}", 2))
        elements.append(("paragraph", sentences(rng.randint(1, 18), seed=n)))
    return elements


def changed_ids(before: Parsed, after: Parsed) -> tuple[int, int]:
    old, new = ({row["chunk_id"] for row in cut(parsed)} for parsed in (before, after))
    return len(old), len(new - old)


@pytest.mark.parametrize("flat", [True, False])
def test_an_appended_sentence_changes_at_most_three_chunks(flat: bool) -> None:
    elements = long_document(flat)
    kind, text = elements[-1]

    total, new = changed_ids(built(*elements), built(*elements[:-1], (kind, f"{text} One more thing.")))

    assert total >= 60
    assert 1 <= new <= 3


@pytest.mark.parametrize("kind", ["list_item", "paragraph"])
def test_after_an_edit_anywhere_the_cuts_fall_back_into_their_old_places(kind: str) -> None:
    lines = sentences(1100).split(". ")
    whole = kind == "paragraph"  # one long paragraph, or 1100 short items
    costs = []

    for n in range(50, 900, 85):
        edited = [*lines[:n], f"{lines[n]} and one more thing", *lines[n + 1 :]]
        before, after = ([". ".join(some)] if whole else some for some in (lines, edited))
        total, new = changed_ids(*(built(*((kind, text) for text in some)) for some in (before, after)))
        costs.append(new)

    assert total >= 60
    assert sum(costs) / len(costs) <= 5


def test_the_same_sentence_twice_has_two_ids_and_an_edit_elsewhere_moves_neither() -> None:
    sections = [("heading", "A", 2), ("paragraph", "Same."), ("heading", "B", 2), ("paragraph", "Same.")]

    before = cut(built(("heading", "Top"), ("paragraph", "Intro."), *sections))
    after = cut(built(("heading", "Top"), ("paragraph", "Longer introduction."), *sections))

    assert [row["chunk_id"] for row in before[1:]] == [row["chunk_id"] for row in after[1:]]
    assert before[1]["chunk_id"] != before[2]["chunk_id"]
    assert before[1]["start"] != after[1]["start"]


# --- headings ---


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
    assert all(word_pieces().count([row["quote"]])[0] > 20 for row in rows)
    assert rows[0]["title"] == title


# --- packing ---


def test_paragraphs_and_list_items_share_a_chunk_with_their_separators() -> None:
    (row,) = cut(built(("paragraph", "One."), ("list_item", "- two"), ("list_item", "- three")))

    assert row["quote"] == "One.\n\n- two\n\n- three"


def test_an_element_that_fits_is_not_cut() -> None:
    elements = [(kind, sentences(8, seed=n)) for n, kind in enumerate(["paragraph", "message", "code"] * 4)]

    rows = cut(built(*elements), max_tokens=128)

    assert all(any(text in quote for quote in quotes(rows)) for _, text in elements)
    assert len(rows) == len(elements)


def test_an_element_that_does_not_fit_is_cut_at_sentence_ends() -> None:
    rows = cut(built(("paragraph", sentences(60))), max_tokens=64)

    assert len(rows) > 5
    assert all(quote.endswith(".") for quote in quotes(rows))


def test_text_without_sentences_is_cut_at_white_space() -> None:
    text = " ".join(WORDS * 60)

    rows = cut(built(("paragraph", text)), max_tokens=64)

    assert " ".join(quotes(rows)) == text


def test_a_word_of_ten_thousand_characters_is_cut_and_not_lost() -> None:
    for word in ("a" * 10_000, "a-" * 5_000):
        rows = cut(built(("paragraph", f"Before {word} after")), max_tokens=64)

        assert "".join("".join(quotes(rows)).split()) == f"Before{word}after"
        assert max(map(len, quotes(rows))) <= 64 * 16


def test_a_long_paragraph_does_not_leave_a_short_last_piece() -> None:
    for count in range(20, 60):
        rows = cut(built(("paragraph", sentences(count))), max_tokens=128)

        assert min(row["tokens"] for row in rows) > 32


def test_a_short_last_paragraph_shares_the_text_before_it() -> None:
    rows = cut(built(("paragraph", sentences(14)), ("paragraph", "That is all.")), max_tokens=256)
    assert len(rows) == 1
    limit = rows[0]["tokens"] - 2

    rows = cut(built(("paragraph", sentences(14)), ("paragraph", "That is all.")), max_tokens=limit)

    assert len(rows) == 2
    assert min(row["tokens"] for row in rows) > limit / 3
    assert quotes(rows)[1].endswith("That is all.")


def test_a_table_that_fits_is_whole() -> None:
    (row,) = cut(built(("table", [["id", "name"], ["1", "Ann"], ["2", "Bo"]])))

    assert row["quote"] == row["text"] == "| id | name |\n| --- | --- |\n| 1 | Ann |\n| 2 | Bo |"


def test_a_table_that_does_not_fit_repeats_its_header_and_quotes_only_rows() -> None:
    table = [["id", "name"], *([str(n), f"name of {n}"] for n in range(60))]
    header = "| id | name |\n| --- | --- |"

    rows = cut(built(("heading", "People"), ("table", table)), max_tokens=64)

    assert len(rows) > 5
    assert all(row["text"] == f"People\n{header}\n{row['quote']}" for row in rows[1:])
    assert rows[0]["quote"].startswith(header)
    lines = [line for quote in quotes(rows) for line in quote.split("\n")]
    assert lines == header.split("\n") + [f"| {n} | name of {n} |" for n in range(60)]


@pytest.mark.parametrize("limit", [24, 28, 32, 40, 48, 64])
def test_a_row_is_cut_only_where_one_row_does_not_fit(limit: int) -> None:
    table = [["id", "note", "open"], *([str(n), "needs toner, ask Sam", "yes"] for n in range(9))]

    rows = cut(built(("heading", "Tickets"), ("table", table)), max_tokens=limit)

    header, rule, *lines = [line for quote in quotes(rows) for line in quote.split("\n")]
    assert (header, rule) == ("| id | note | open |", "| --- | --- | --- |")
    assert lines == [f"| {n} | needs toner, ask Sam | yes |" for n in range(9)]
    assert all(header in row["text"] for row in rows)


def test_a_header_wider_than_the_room_for_it_is_cut() -> None:
    table = [[f"column {n}" for n in range(80)], *([f"{n}" for n in range(80)] for _ in range(3))]

    rows = cut(built(("table", table)), max_tokens=64)

    assert all(
        row["text"].startswith("| column 0 | column 1 |")
        for row in rows[1:]
        if row["quote"].startswith("| 0")
    )


def test_code_that_does_not_fit_is_cut_at_line_ends_and_keeps_its_indentation() -> None:
    lines = [f"    total_{n} = total_{n - 1} + {n}" for n in range(1, 60)]

    rows = cut(built(("code", "\n".join(["```", *lines, "```"]))), max_tokens=64)

    assert [line for quote in quotes(rows) for line in quote.split("\n")] == ["```", *lines, "```"]


def test_a_chunk_has_the_page_of_its_first_element() -> None:
    elements = [("page", sentences(4, seed=n), n + 1) for n in range(6)]

    rows = cut(built(*elements), max_tokens=256)

    first = {n + 1: text for n, (_, text, _) in enumerate(elements)}
    assert {row["page"] for row in rows} <= set(first)
    assert all(row["quote"][:20] in first[row["page"]] for row in rows)
    assert any(later in row["quote"] for row in rows for page, later in first.items() if page > row["page"])


def test_a_long_text_is_tokenized_in_stretches() -> None:
    class Watched(type(word_pieces())):  # type: ignore[misc]
        longest = 0

        def offsets(self, text: str) -> list[tuple[int, int]]:
            self.longest = max(self.longest, len(text))
            found: list[tuple[int, int]] = super().offsets(text)
            return found

    tokenizer, text = Watched(), sentences(6000)

    rows = chunk(documents([built(("paragraph", text))]), Headings(), tokenizer=tokenizer).passed.to_pylist()

    assert tokenizer.longest <= 100_000 < len(text)
    assert " ".join(quotes(rows)) == text


# --- the rest of a row ---


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


def test_a_limit_without_room_for_text_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        Headings(max_tokens=15)
