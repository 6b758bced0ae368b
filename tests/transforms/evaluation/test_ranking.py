"""Figures of a ranking against their definitions, spelled out."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.evaluation.ranking import best_first, mrr_at, ndcg_at, recall_at

RANKED = st.lists(st.integers(0, 12), unique=True, max_size=13)
GRADES = st.dictionaries(st.integers(0, 12), st.integers(0, 3), max_size=8)
K = st.integers(1, 15)


def by_hand(k: int, ranked: list[int], grades: dict[int, int]) -> tuple[float, float, float]:
    """Return recall, nDCG and MRR one position at a time."""
    hits, gain, first = 0, 0.0, 0.0
    for position in range(min(k, len(ranked))):
        grade = grades.get(ranked[position], 0)
        if grade > 0:
            hits += 1
            first = first or 1 / (position + 1)
        gain += (2**grade - 1) / math.log2(position + 2)
    relevant = [grade for grade in grades.values() if grade > 0]
    ideal = sum(
        (2**grade - 1) / math.log2(n + 2) for n, grade in enumerate(sorted(relevant, reverse=True)[:k])
    )
    return (hits / len(relevant) if relevant else 0.0, gain / ideal if ideal else 0.0, first)


@given(K, RANKED, GRADES)
def test_each_figure_is_what_its_definition_says_and_lies_between_0_and_1(
    k: int, ranked: list[int], grades: dict[int, int]
) -> None:
    found = (recall_at(k, ranked, grades), ndcg_at(k, ranked, grades), mrr_at(k, ranked, grades))

    assert found == pytest.approx(by_hand(k, ranked, grades))
    assert all(0 <= figure <= 1 + 1e-12 for figure in found)


@given(K, GRADES.filter(lambda grades: any(grades.values())))
def test_a_perfect_order_is_worth_1(k: int, grades: dict[int, int]) -> None:
    ranked = sorted(grades, key=lambda one: -grades[one])
    relevant = sum(grade > 0 for grade in grades.values())

    assert ndcg_at(k, ranked, grades) == pytest.approx(1)
    assert mrr_at(k, ranked, grades) == 1
    assert recall_at(max(k, relevant), ranked, grades) == 1


@given(K, RANKED, GRADES, st.randoms(use_true_random=False))
def test_what_comes_after_k_and_the_order_of_judgments_do_not_matter(
    k: int, ranked: list[int], grades: dict[int, int], chance: random.Random
) -> None:
    tail, judged = ranked[k:], list(grades.items())
    chance.shuffle(tail)
    chance.shuffle(judged)

    for figure in (recall_at, ndcg_at, mrr_at):
        assert figure(k, [*ranked[:k], *tail], dict(judged)) == pytest.approx(figure(k, ranked, grades))


def test_a_document_ranks_where_its_best_chunk_does() -> None:
    assert best_first(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]
