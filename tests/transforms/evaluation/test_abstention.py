"""Abstention against brute force: every pair of questions, every threshold."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.evaluation.abstention import auroc, fit_threshold, measured, upper_bound

SCORES = st.lists(st.integers(0, 8).map(lambda n: n / 8), min_size=1, max_size=12)


def joined(right: list[float], wrong: list[float]) -> tuple[np.ndarray, np.ndarray]:
    kinds = np.array([True] * len(right) + [False] * len(wrong))
    return kinds, np.array([*right, *wrong])


@given(SCORES, SCORES)
def test_auroc_is_the_share_of_pairs_in_the_right_order(right: list[float], wrong: list[float]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a, b in itertools.product(right, wrong)]

    assert auroc(*joined(right, wrong)) == pytest.approx(sum(pairs) / len(pairs))
    assert auroc(*joined(wrong, right)) == pytest.approx(1 - sum(pairs) / len(pairs))


@given(SCORES, SCORES, st.sampled_from([0.0, 0.05, 0.25, 1.0]))
def test_no_other_threshold_within_the_limit_is_better(
    right: list[float], wrong: list[float], limit: float
) -> None:
    kinds, scores = joined(right, wrong)

    found = measured(kinds, scores, fit_threshold(kinds, scores, limit=limit))

    tried = [measured(kinds, scores, threshold) for threshold in np.unique(scores)]
    bounds = upper_bound(np.array([one.false_abstention for one in tried]), len(right))
    allowed = [
        one.balanced_accuracy
        for one, bound in zip(tried, bounds, strict=True)
        if bound <= limit or not one.false_abstention
    ]
    assert found.false_abstention <= limit
    assert found.balanced_accuracy == pytest.approx(max(allowed))


def test_scores_that_tell_the_kinds_apart_are_worth_1() -> None:
    kinds, scores = joined([0.7, 0.8], [0.1, 0.2])

    found = measured(kinds, scores, fit_threshold(kinds, scores))

    assert (found.balanced_accuracy, found.auroc, found.false_abstention) == (1, 1, 0)
    assert found.threshold == 0.7


def test_a_limit_on_one_set_holds_on_another_of_its_kind() -> None:
    random = np.random.default_rng(3)
    beyond = 0
    for _ in range(200):
        draws = [joined([*random.normal(1, 1, 200)], [*random.normal(-1, 1, 200)]) for _ in range(2)]
        found = measured(*draws[1], fit_threshold(*draws[0]))
        beyond += found.false_abstention > 0.05
        assert found.balanced_accuracy > 0.6

    assert beyond <= 30


def test_the_bound_is_the_share_whose_lower_side_the_seen_one_is() -> None:
    for seen, of in ((0.0, 10), (0.03, 200), (0.5, 40)):
        bound = float(upper_bound(np.array([seen]), of)[0])

        assert (bound - seen) / np.sqrt(bound * (1 - bound) / of) == pytest.approx(1.6449)


def test_a_threshold_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="answerable and unanswerable"):
        fit_threshold(*joined([0.5], []))
