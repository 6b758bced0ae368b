import pytest

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.pages import PAGES, SALARY, inputs, library
from tests.transforms.tables import built
from transforms.datasets.pairs import build
from transforms.datasets.params import Pairs, Triplets
from transforms.datasets.triplets import build as triplets


def test_a_row_is_an_anchor_and_the_chunk_that_answers_it() -> None:
    given = inputs(library(*PAGES))
    made = [one for one in build(given, Pairs()) if isinstance(one, Example)]
    assert made
    for row in made:
        assert row.columns is not None
        assert list(row.columns) == ["anchor", "positive"]
        (use,) = row.uses
        assert use.role == "positive"
        assert row.columns["positive"] == given.chunks.row(use.chunk_id)["text"]


@pytest.mark.parametrize("under", ["TODO: write this down for everybody.", "Coffee, to order."])
def test_a_passage_that_says_no_more_than_its_heading_answers_nothing(under: str) -> None:
    page = built(("heading", "Travel", 1), ("heading", "How to order coffee", 2), ("paragraph", under))
    made = list(build(inputs(library(page)), Pairs()))
    assert not [one for one in made if isinstance(one, Example)]
    told = built(
        ("heading", "Travel", 1), ("heading", "Coffee", 2), ("paragraph", "Order it from Wei Huang.")
    )
    assert [one for one in build(inputs(library(told)), Pairs()) if isinstance(one, Example)]


def test_every_triplet_has_its_pair() -> None:
    given = inputs(library(*PAGES))
    pairs = {one.row_id for one in build(given, Pairs()) if isinstance(one, Example)}
    made = {one.row_id for one in triplets(given, Triplets(hard_negatives=1)) if isinstance(one, Example)}
    assert made
    assert made <= pairs


def test_what_is_over_the_limit_or_not_for_the_audience_is_refused() -> None:
    given = inputs(library(*PAGES, acls=[["everyone"], ["everyone"], ["group:hr"]]))
    made = list(build(given, Pairs(max_per_document=1)))
    rows = [one for one in made if isinstance(one, Example)]
    reasons = {one.reason for one in made if isinstance(one, Refused)}
    assert len(rows) == len({row.document_id for row in rows}) == 2
    assert {Refusal.OVER_LIMIT, Refusal.AUDIENCE} <= reasons
    assert not [row for row in rows if SALARY.title in (row.columns or {})["positive"]]
