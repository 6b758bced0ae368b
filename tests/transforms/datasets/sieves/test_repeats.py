"""Repeats: refused for what they are, each with the row that was there first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dataset import Example, Refusal, Refused
from schemas.tools import Vectors
from tests.transforms.datasets.examples import Words, example
from transforms.datasets.sieves.repeats import Exact, Near, Similar, Straddling

LONG = " ".join(f"word{n}" for n in range(200))


def reason(left: Example | Refused) -> tuple[str, str | None] | None:
    return (left.reason, left.because) if isinstance(left, Refused) else None


def test_the_same_question_and_the_same_text_are_kept_once() -> None:
    exact = Exact()
    assert reason(exact(example("a", "What is the limit for meals?", "Forty."))) is None
    assert reason(exact(example("b", "What are the limits for the meal?", "40."))) == (Refusal.DUPLICATE, "a")
    assert reason(exact(example("c", "What is the limit for taxis?", "Forty."))) is None
    same = example("d", "WHAT is the limit for taxis", "forty")
    assert reason(exact(same)) == (Refusal.DUPLICATE, "c")


def test_a_text_with_a_small_edit_is_near_and_one_with_another_half_is_not() -> None:
    near = Near(0.8)
    assert reason(near(example("a", "Tell it.", LONG))) is None
    assert reason(near(example("b", "Tell it.", LONG.replace("word100", "other")))) == (
        Refusal.NEAR_DUPLICATE,
        "a",
    )
    half = " ".join([*LONG.split()[:100], *(f"thing{n}" for n in range(100))])
    assert reason(near(example("c", "Tell it.", half))) is None


def test_two_rows_of_a_table_are_two_rows() -> None:
    near = Near(0.8)
    for n, (town, price) in enumerate((("Bergen", "40"), ("Oslo", "55"), ("Turku", "38"))):
        row = example(f"r{n}", f"What is the daily allowance for meals in {town} in May?", f"{price} euros")
        assert reason(near(row)) is None


def test_two_anchors_of_one_passage_are_two_rows() -> None:
    near = Near(0.8)
    for n, question in enumerate(("Who approves a discount?", "How large may a discount be?")):
        columns = {"anchor": question, "positive": LONG}
        assert reason(near(example(f"r{n}", question, "x", messages=(), columns=columns))) is None


class Spread:
    """Embeds a text as the angle that it names last, and reads eight words at once."""

    max_tokens = 8
    tokenizer = Words()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        assert max(self.tokenizer.count(texts)) <= self.max_tokens
        angles = [float(text.split()[-1]) for text in texts]
        return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def test_what_means_the_same_is_refused_from_the_limit_on() -> None:
    similar = Similar(0.99, Spread())
    assert reason(similar(example("a", "angle", "0.0"))) is None
    assert reason(similar(example("b", "angle", "0.05"))) == (Refusal.SAME_MEANING, "a")
    assert reason(similar(example("c", "angle", "0.5"))) is None
    assert reason(similar(example("d", "angle", "0.51"))) == (Refusal.SAME_MEANING, "c")


def test_of_a_text_that_is_longer_than_the_embedder_reads_every_part_has_to_mean_the_same() -> None:
    def long(row_id: str, *angles: str) -> Example:
        said = "\n".join(f"so many words and then {angle}" for angle in angles)
        return example(row_id, said, said)

    similar = Similar(0.99, Spread())
    assert reason(similar(long("a", "0.0", "0.5", "1.0"))) is None
    assert reason(similar(long("b", "0.0", "0.5", "1.5"))) is None
    assert reason(similar(long("c", "1.04", "0.54", "0.04"))) == (Refusal.SAME_MEANING, "a")
    assert reason(similar(long("d", "1.46", "0.04"))) == (Refusal.SAME_MEANING, "b")


def test_many_rows_are_compared_with_all_before_them() -> None:
    similar = Similar(0.9999, Spread())
    rows = [example(f"r{n}", "angle", str(n / 50)) for n in range(300)]
    assert all(reason(similar(row)) is None for row in rows)
    assert reason(similar(example("again", "angle", "5.0"))) == (Refusal.SAME_MEANING, "r250")


def test_the_check_after_the_fact_finds_rows_that_are_in_two_splits() -> None:
    check = Straddling()
    check.add("train", example("a", "Tell it.", LONG))
    check.add("train", example("b", "Tell it.", f"{LONG} more"))
    assert check.pairs == []
    check.add("test", example("c", "Tell it.", f"{LONG} again"))
    assert check.pairs == [("a", "c"), ("b", "c")]


@given(st.lists(st.text(alphabet="ab c", max_size=12), max_size=8))
def test_what_is_left_repeats_nothing_and_what_is_refused_repeats_something(texts: list[str]) -> None:
    exact = Exact()
    left = [exact(example(str(n), text, text)) for n, text in enumerate(texts)]
    kept = {one.row_id for one in left if isinstance(one, Example)}
    assert all(one.because in kept for one in left if isinstance(one, Refused))
    again = Exact()
    assert all(isinstance(again(one), Example) for one in left if isinstance(one, Example))


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_a_short_text_is_near_only_to_itself(share: float) -> None:
    near = Near(share)
    assert reason(near(example("a", "Why?", "No."))) is None
    assert reason(near(example("b", "Why?", "Yes."))) is None
    assert reason(near(example("c", "why", "no"))) == (Refusal.NEAR_DUPLICATE, "a")
