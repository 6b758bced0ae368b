from dataclasses import replace

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.pages import LEAVE, PAGES, inputs, library
from tests.transforms.tables import built
from transforms.datasets.completion import build
from transforms.datasets.inputs import Chunks, Inputs
from transforms.datasets.params import Completion

SMALL = Completion(max_tokens=64, min_tokens=1)
LONG = built(
    ("heading", "Rivers", 1),
    *[
        part
        for n in range(6)
        for part in (
            ("heading", f"River {n}", 2),
            ("paragraph", " ".join([f"River {n} is long."] * 4)),
            ("heading", f"Bridges of {n}", 3),
            ("paragraph", " ".join([f"Bridge {n} is old."] * 3)),
        )
    ],
)


def texts(given: Inputs, params: Completion = SMALL) -> list[str]:
    return [one.columns["text"] for one in build(given, params) if isinstance(one, Example) and one.columns]


def refused(given: Inputs, params: Completion) -> list[Refusal]:
    return [one.reason for one in build(given, params) if isinstance(one, Refused)]


def test_a_short_document_is_one_row_as_it_stands() -> None:
    table = library(*PAGES)
    assert texts(inputs(table), Completion(min_tokens=1)) == table["text"].to_pylist()


def test_a_long_document_is_cut_where_sections_end_and_every_row_has_the_title() -> None:
    given = inputs(library(LONG))
    made = texts(given)
    assert len(made) > 2
    assert all(text.startswith("# Rivers\n\n") for text in made)
    assert all(text.removeprefix("# Rivers\n\n").startswith("## River") for text in made)
    assert "\n\n".join([made[0], *(text.removeprefix("# Rivers\n\n") for text in made[1:])]) == LONG.text


@pytest.mark.parametrize("limit", [64, 96, 128, 300])
def test_no_row_is_over_the_limit_with_its_title_and_separator(limit: int) -> None:
    params = Completion(max_tokens=limit, min_tokens=1, separator="<|endoftext|>")
    given = inputs(library(LONG, *PAGES))
    made = texts(given, params)
    assert max(given.tokenizer.count(made)) <= limit
    assert sum(text.endswith("<|endoftext|>") for text in made) == len(PAGES) + 1


@settings(deadline=None, max_examples=30)
@forall(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40)), min_size=1, max_size=12))
def test_no_word_is_lost_or_told_twice(parts: list[tuple[int, int]]) -> None:
    elements = [
        element
        for n, (depth, words) in enumerate(parts)
        for element in (
            ("heading", f"h{n}", depth),
            ("paragraph", " ".join(f"w{n}x{m}" for m in range(words))),
        )
    ]
    page = replace(built(*elements), title=None)
    given = inputs(library(page))
    words = " ".join(texts(given, Completion(max_tokens=512, min_tokens=1))).split()
    assert [word for word in words if word != "#"] == [word for word in page.text.split() if word != "#"]


def test_the_lineage_is_what_the_row_says() -> None:
    table = library(LONG, *PAGES)
    said = dict(zip(table["document_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    for row in build(inputs(table), SMALL):
        assert isinstance(row, Example)
        assert row.uses
        assert row.columns is not None
        for use in row.uses:
            assert said[use.document_id][use.start : use.end] == use.quote
            assert use.quote in row.columns["text"]


def test_what_no_chunk_holds_is_kept_from_trainers_too() -> None:
    given = inputs(library(LONG))
    secret = given.chunks.of(given.documents["document_id"][0].as_py())[3]
    kept = given.chunks._table.filter(
        [one != secret["chunk_id"] for one in given.chunks._table["chunk_id"].to_pylist()]
    )
    made = "".join(texts(replace(given, chunks=Chunks(kept))))
    assert secret["quote"] not in made
    assert "River 5" in made
    assert refused(replace(given, chunks=Chunks(kept.slice(0, 0))), SMALL) == [Refusal.NOT_RELEASED]


def test_what_says_too_little_and_what_others_may_not_read_is_refused() -> None:
    assert refused(inputs(library(LEAVE)), Completion(min_tokens=1_000)) == [Refusal.TOO_SHORT]
    hidden = library(LEAVE, acls=[["group:hr"]])
    assert refused(inputs(hidden), SMALL) == [Refusal.AUDIENCE]
    assert refused(inputs(library(LEAVE, status="stale")), SMALL) == [Refusal.STALE]
