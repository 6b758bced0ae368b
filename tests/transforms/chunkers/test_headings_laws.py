"""What holds of any chunks, whatever the text, and how few of them a change of it makes new."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chunk import CHUNK
from schemas.document import Parsed
from schemas.tools import Tokenizer
from tests.transforms.chunkers.cutting import WORDS, cut, sentences
from tests.transforms.chunkers.tokenizers import Crooked, Pieced, word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings

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
LIMITS = st.one_of(st.integers(16, 64), st.integers(128, 160))
EMBED_TEXTS = st.sampled_from([("title", "headings", "text"), ("title", "headings", "lead", "text")])
LAW = settings(deadline=None)


def cut_by(tokenizer: Tokenizer, parsed: Parsed, limit: int, embed_text: tuple[str, ...]) -> pa.Table:
    params = Headings(max_tokens=limit)
    return chunk(documents([parsed]), params, tokenizer=tokenizer, embed_text=embed_text).passed


@LAW
@given(parsed=DOCUMENTS, tokenizer=TOKENIZERS, limit=LIMITS, embed_text=EMBED_TEXTS)
def test_every_span_round_trips_and_ends_the_embedded_text(
    parsed: Parsed, tokenizer: Tokenizer, limit: int, embed_text: tuple[str, ...]
) -> None:
    rows = cut_by(tokenizer, parsed, limit, embed_text).to_pylist()

    assert all(parsed.text[row["start"] : row["end"]] == row["quote"] for row in rows)
    assert all(row["text"].endswith(row["quote"]) and row["quote"].strip() for row in rows)
    assert all(before["end"] <= after["start"] for before, after in pairwise(rows))
    assert [row["ordinal"] for row in rows] == list(range(len(rows)))


@LAW
@given(parsed=DOCUMENTS, tokenizer=TOKENIZERS, limit=LIMITS, embed_text=EMBED_TEXTS)
def test_the_embedded_text_is_never_over_the_limit(
    parsed: Parsed, tokenizer: Tokenizer, limit: int, embed_text: tuple[str, ...]
) -> None:
    passed = cut_by(tokenizer, parsed, limit, embed_text)

    assert passed["tokens"].to_pylist() == tokenizer.count(passed["text"].to_pylist())
    assert max(passed["tokens"].to_pylist(), default=0) <= limit


@LAW
@given(parsed=DOCUMENTS, tokenizer=TOKENIZERS, limit=LIMITS, embed_text=EMBED_TEXTS)
def test_no_character_is_lost(
    parsed: Parsed, tokenizer: Tokenizer, limit: int, embed_text: tuple[str, ...]
) -> None:
    rows = cut_by(tokenizer, parsed, limit, embed_text).to_pylist()

    covered = {at for row in rows for at in range(row["start"], row["end"])}
    paths = {tuple(row["headings"][:depth]) for row in rows for depth in range(1, len(row["headings"]) + 1)}
    for element in parsed.elements:
        if element.type == "heading" and element.headings in paths:
            covered.update(range(element.start, element.end))
    assert [at for at, character in enumerate(parsed.text) if character.strip() and at not in covered] == []


@LAW
@given(several=st.lists(DOCUMENTS, max_size=4), limit=LIMITS, embed_text=EMBED_TEXTS)
def test_a_document_is_cut_the_same_whatever_stands_beside_it(
    several: list[Parsed], limit: int, embed_text: tuple[str, ...]
) -> None:
    table, params, tokenizer = documents(several), Headings(max_tokens=limit), word_pieces()

    together = chunk(table, params, tokenizer=tokenizer, embed_text=embed_text)
    rows = (table.slice(n, 1) for n in range(len(table)))
    alone = [chunk(row, params, tokenizer=tokenizer, embed_text=embed_text) for row in rows]

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


def long_document(flat: bool) -> list[tuple[Any, ...]]:
    rng = random.Random(3)
    elements: list[tuple[Any, ...]] = [("heading", "Guide", 1)]
    for n in range(140):
        if not flat and n % 12 == 0:
            elements.append(("heading", f"Chapter {n}", 2))
        elements.append(("paragraph", sentences(rng.randint(1, 18), seed=n)))
    return elements


def changed_ids(before: Parsed, after: Parsed) -> tuple[int, int]:
    old, new = ({row["chunk_id"] for row in cut(parsed, 256)} for parsed in (before, after))
    return len(old), len(new - old)


@pytest.mark.parametrize("flat", [True, False])
def test_an_appended_sentence_changes_at_most_three_chunks(flat: bool) -> None:
    elements = long_document(flat)
    kind, text = elements[-1]

    total, new = changed_ids(built(*elements), built(*elements[:-1], (kind, f"{text} One more thing.")))

    assert total >= 60
    assert 1 <= new <= 3


@pytest.mark.parametrize("max_tokens", [80, 128, 192, 256])
@pytest.mark.parametrize("kind", ["list_item", "paragraph"])
def test_after_an_edit_anywhere_the_cuts_fall_back_into_their_old_places(kind: str, max_tokens: int) -> None:
    def ids(lines: list[str]) -> set[str]:
        texts = (
            [". ".join(lines)] if kind == "paragraph" else lines
        )  # one long paragraph, or 1100 short items
        return {row["chunk_id"] for row in cut(built(*((kind, text) for text in texts)), max_tokens)}

    lines = sentences(1100).split(". ")
    before = ids(lines)
    edits = ([*lines[:n], f"{lines[n]} and one more thing", *lines[n + 1 :]] for n in range(50, 900, 85))

    assert len(before) >= 60
    assert max(len(ids(edited) - before) for edited in edits) <= 3


def test_the_same_sentence_twice_has_two_ids_and_an_edit_elsewhere_moves_neither() -> None:
    sections = [("heading", "A", 2), ("paragraph", "Same."), ("heading", "B", 2), ("paragraph", "Same.")]

    before = cut(built(("heading", "Top"), ("paragraph", "Intro."), *sections))
    after = cut(built(("heading", "Top"), ("paragraph", "Longer introduction."), *sections))

    assert [row["chunk_id"] for row in before[1:]] == [row["chunk_id"] for row in after[1:]]
    assert before[1]["chunk_id"] != before[2]["chunk_id"]
    assert before[1]["start"] != after[1]["start"]
