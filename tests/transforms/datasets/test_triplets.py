from collections import Counter
from dataclasses import replace

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.pages import EXPENSES, LEAVE, PAGES, SALARY, inputs, library
from tests.transforms.tables import built
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Triplets
from transforms.datasets.triplets import build

TWO = Triplets(hard_negatives=2)


def rows(given: Inputs, params: Triplets = TWO) -> list[Example]:
    return [one for one in build(given, params) if isinstance(one, Example)]


def refused(given: Inputs, params: Triplets = TWO) -> Counter[Refusal]:
    return Counter(one.reason for one in build(given, params) if isinstance(one, Refused))


def test_a_row_has_an_anchor_its_chunk_and_as_many_negatives_as_asked_for() -> None:
    given = inputs(library(*PAGES))
    made = rows(given)
    assert made
    for row in made:
        assert row.columns is not None
        assert list(row.columns) == ["anchor", "positive", "negative_1", "negative_2"]
        assert [use.role for use in row.uses] == ["positive", "negative", "negative"]
        texts = [given.chunks.row(use.chunk_id)["text"] for use in row.uses]
        assert [row.columns["positive"], row.columns["negative_1"], row.columns["negative_2"]] == texts
        assert len(set(texts)) == 3


def test_a_negative_ranks_below_the_positive_and_does_not_hold_the_answer() -> None:
    given = inputs(library(*PAGES))
    for row in rows(given):
        ranked = {hit.chunk_id: n for n, hit in enumerate(given.search(row.question))}
        positive, *negatives = (use.chunk_id for use in row.uses)
        assert all(ranked[positive] < ranked[negative] for negative in negatives)


def test_a_copy_of_the_positive_is_never_a_negative() -> None:
    copy = built(*[("heading", "Vacation", 1), *_after_title()])
    given = inputs(library(LEAVE, copy, EXPENSES, SALARY))
    for row in rows(given):
        positive = given.chunks.row(row.uses[0].chunk_id)["quote"]
        assert all(given.chunks.row(use.chunk_id)["quote"] != positive for use in row.uses[1:])


def _after_title() -> list[tuple[str, str, int] | tuple[str, str]]:
    return [
        ("heading", "How many days", 2),
        ("paragraph", "Everyone has 22 days of paid time off a year. Part-time contracts receive a share."),
    ]


def test_an_anchor_without_enough_negatives_is_refused() -> None:
    assert not rows(inputs(library(LEAVE)), Triplets(hard_negatives=9))
    assert refused(inputs(library(LEAVE)), Triplets(hard_negatives=9))[Refusal.TOO_FEW_NEGATIVES]


def test_a_chunk_without_a_question_is_anchored_by_its_heading() -> None:
    odd = built(("heading", "Odds", 1), ("heading", "Lost days off", 2), ("paragraph", "Nobody knows."))
    (row,) = [r for r in rows(inputs(library(odd, *PAGES)), Triplets(hard_negatives=1)) if r.kind == "title"][
        :1
    ]
    assert row.question == "Odds Lost days off"


def test_no_text_of_a_page_that_the_audience_may_not_read_is_in_any_column() -> None:
    table = library(*PAGES, acls=[["everyone"], ["everyone"], ["group:hr"]])
    made = rows(inputs(table), Triplets(hard_negatives=1))
    assert made
    assert all("alary" not in text for row in made for text in (row.columns or {}).values())
    assert refused(inputs(table))[Refusal.AUDIENCE]


def test_what_retrieval_does_not_find_is_refused() -> None:
    given = replace(inputs(library(*PAGES)), search=lambda _: [])
    assert set(refused(given)) == {Refusal.NOT_RETRIEVED}
