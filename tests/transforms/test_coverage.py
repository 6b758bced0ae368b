"""What a passage gains for the question's words that it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.hits import hit
from transforms.coverage import CANDIDATES, add_coverage, shared
from transforms.rank import Hit, ranked

QUESTION = "when does the ferry leave"
TEXTS = st.lists(st.text("abc ", max_size=12), max_size=12)


def covering(hits: list[Hit], question: str, weight: float = 0.2) -> list[Hit]:
    return add_coverage(hits, shared(question, hits), weight=weight)


def found(*quotes: str) -> list[Hit]:
    return ranked(hit(f"c{n}", quote, similarity=0.5, title=None) for n, quote in enumerate(quotes))


def test_of_two_equal_hits_the_one_with_more_of_the_words_is_better() -> None:
    hits = found("The river is high.", "The ferry is red.", "The ferry will leave at noon.")
    best, *_ = covered = covering(hits, QUESTION)

    assert [one.chunk_id for one in covered] == ["c2", "c1", "c0"]
    assert 0.0 < covered[1].coverage < best.coverage / 2


def test_words_of_title_and_headings_count_as_the_passages_own() -> None:
    by_text, by_title = (
        covering([hit("a", quote, similarity=0.5, title=title, headings=[])], QUESTION)
        for quote, title in (("The ferry.", None), ("At noon.", "The ferry"))
    )

    assert by_text[0].coverage == by_title[0].coverage > 0


def test_part_of_a_word_is_not_the_word() -> None:
    (only,) = covering(found("A ferryman."), "ferry")

    assert only.coverage == 0


@given(question=st.text("abc ", max_size=12), quotes=TEXTS, weight=st.floats(0, 1))
def test_none_gains_more_than_the_weight_and_none_is_lost(
    question: str, quotes: list[str], weight: float
) -> None:
    hits = found(*quotes)
    covered = covering(hits, question, weight)

    assert {one.chunk_id for one in covered} == {one.chunk_id for one in hits}
    assert all(0 <= one.coverage <= round(weight, 9) for one in covered)
    assert covered == ranked(covered)


@pytest.mark.parametrize("question", ["", "?!"])
def test_a_question_without_words_moves_nothing(question: str) -> None:
    hits = found("The ferry.", "The river.")

    assert covering(hits, question) == hits


def test_words_that_every_candidate_has_weigh_least() -> None:
    told = shared("the pump", found("the pump", "the river", "the end")).rarity

    assert told["the"] < told["pump"] / 4


def test_hits_far_down_gain_nothing() -> None:
    hits = found(*["The ferry."] * (CANDIDATES + 1))

    assert [one.coverage > 0 for one in covering(hits, "ferry")] == [True] * CANDIDATES + [False]
