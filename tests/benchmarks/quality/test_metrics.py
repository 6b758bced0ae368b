from math import log2

import pytest

from tests.benchmarks.quality.metrics import (
    evidence_recall,
    ndcg,
    recall,
    reciprocal_rank,
    span_iou,
    span_recall,
    within,
)
from tests.benchmarks.quality.sets import Offsets


def test_measures_of_documents_are_as_published() -> None:
    ranked, grades = ["x", "a", "b"], {"a": 1, "b": 1, "c": 1}

    assert recall(ranked, grades, 2) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranked, grades) == 0.5
    assert ndcg(ranked, grades) == pytest.approx((1 / log2(3) + 1 / 2) / (1 + 1 / log2(3) + 1 / 2))


def test_what_is_found_twice_counts_once_for_recall_and_twice_against_iou() -> None:
    found, wanted = [("d", 0, 10), ("d", 0, 10)], [("d", 5, 15)]

    assert span_recall(found, wanted) == 0.5
    assert span_iou(found, wanted) == 5 / (20 + 10 - 5)


def test_the_last_span_within_a_budget_is_cut_to_fit() -> None:
    texts = {"d": "one two, three four"}

    assert within([("d", 0, 7), ("d", 9, 19)], texts, 3) == [("d", 0, 7), ("d", 9, 14)]
    assert within([("d", 0, 7), ("d", 9, 19)], texts, 2) == [("d", 0, 7)]


def test_evidence_counts_only_on_its_own_page_and_within_the_budget() -> None:
    wanted = [("p", "cash was 7")]

    assert evidence_recall([("q", "cash was 7")], wanted, 9) == 0.0
    assert evidence_recall([("q", "no"), ("p", "cash was 7")], wanted, 3) == pytest.approx(2 / 3)


def test_places_are_found_again_where_white_space_differs() -> None:
    original = "One\n\n\ntwo  three"
    offsets = Offsets("One\n\ntwo three", original)
    start, end = offsets.span(5, 14)

    assert original[start:end] == "two  three"
