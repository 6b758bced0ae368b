"""Confidence is a share of what could be, and each leg can raise it alone."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.confidence import SIGNALS, confidence, keyword_share
from transforms.rank import Hit

WORDS = st.text("abc ", max_size=12)


def hit(quote: str, vector: float | None = None, keyword: float | None = None, n: int = 1) -> Hit:
    row: dict[str, Any] = {"chunk_id": quote, "quote": quote, "title": None, "headings": None}
    return Hit(row=row, fused=0.5, vector_score=vector, vector_rank=n, keyword_score=keyword, keyword_rank=n)


HITS = st.lists(
    st.builds(hit, WORDS, st.none() | st.floats(-1, 1), st.none() | st.floats(0, 40), st.integers(1, 30)),
    max_size=20,
)


@pytest.mark.parametrize("signal", SIGNALS)
@given(question=WORDS, hits=HITS)
def test_every_signal_lies_between_0_and_1(signal: str, question: str, hits: list[Hit]) -> None:
    assert 0 <= SIGNALS[signal](question, hits) <= 1


@given(WORDS, HITS, st.randoms(use_true_random=False))
def test_the_order_of_the_hits_does_not_matter(question: str, hits: list[Hit], chance: random.Random) -> None:
    shuffled = list(hits)
    chance.shuffle(shuffled)

    assert confidence(question, shuffled) == confidence(question, hits)


@given(WORDS, HITS)
def test_a_better_passage_makes_no_question_less_answerable(question: str, hits: list[Hit]) -> None:
    better = [hit(str(one.row["quote"]), 1.0, 40.0, 1) for one in hits]

    assert confidence(question, better) >= confidence(question, hits)


def test_a_passage_that_has_only_the_common_words_is_worth_little() -> None:
    candidates = [hit(f"what is the number {n}", keyword=0.4) for n in range(20)]
    told = [hit("the ferry leaves at noon", keyword=6.0), *candidates]

    assert keyword_share("what is the price of ferry tickets", candidates) < 0.1
    assert keyword_share("when leaves the ferry", told) > 0.25


def test_nothing_found_is_no_confidence() -> None:
    assert confidence("anything?", []) == 0
