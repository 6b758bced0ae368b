"""Summaries: figures with intervals, the same for the same scores, and paired where two runs are compared."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.evaluation.bootstrap import estimate
from transforms.evaluation.scoring import Scored
from transforms.evaluation.summary import differences, summarize


def asked(n: int, ndcg: float, *, answerable: bool = True, confidence: float = 0.5) -> Scored:
    return Scored(
        id=str(n),
        answerable=answerable,
        answered=confidence >= 0.5,
        confidence=confidence,
        figures={"ndcg@10": ndcg} if answerable else {},
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_an_interval_holds_the_figure_and_stays_within_the_values(values: list[float]) -> None:
    found = summarize([asked(n, value) for n, value in enumerate(values)])["ndcg@10"]

    assert found.value == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_the_same_scores_give_the_same_interval_and_more_questions_a_narrower_one() -> None:
    chance = random.Random(1)
    many = [asked(n, chance.random()) for n in range(400)]

    one, again, few = (summarize(part)["ndcg@10"] for part in (many, many, many[:25]))

    assert one == again
    assert one.high - one.low < (few.high - few.low) / 2


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(7).normal(0.5, 0.1, 400)

    found = estimate(lambda at: float(values[at].mean()), np.zeros(400, dtype=np.int64))

    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.003)
    assert found.high == pytest.approx(values.mean() + half, abs=0.003)


def test_a_difference_is_over_the_same_questions_and_narrower_than_two_intervals() -> None:
    chance = random.Random(2)
    hard = [chance.random() for _ in range(200)]
    one = [asked(n, min(1.0, value + 0.05)) for n, value in enumerate(hard)]
    other = [asked(n, value) for n, value in enumerate(hard)]

    found = differences([*one, asked(999, 0.0)], other)["ndcg@10"]

    assert 0 < found.low <= found.value <= found.high
    alone = summarize(one)["ndcg@10"]
    assert found.high - found.low < (alone.high - alone.low) / 3
    assert all(figure.value == 0 == figure.low for figure in differences(one, one).values())


def test_whether_abstaining_was_right_needs_questions_of_both_kinds() -> None:
    answerable = [asked(n, 1.0, confidence=0.9 if n else 0.1) for n in range(4)]
    unanswerable = [asked(n, 0.0, answerable=False, confidence=0.2) for n in range(10, 14)]

    both = summarize([*answerable, *unanswerable])

    assert both["false_abstention"].value == 0.25
    assert both["false_answering"].value == 0
    assert both["balanced_accuracy"].value == 0.875
    assert both["auroc"].value == 0.75
    assert "auroc" not in summarize(answerable)
    assert set(summarize(unanswerable)) == {"false_answering"}
