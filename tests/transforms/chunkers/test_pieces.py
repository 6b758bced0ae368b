"""How a section becomes chunks: elements share one, and what does not fit is cut where it reads best."""

from __future__ import annotations

import pytest

from tests.transforms.chunkers.cutting import WORDS, cut, quotes, sentences
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings


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
