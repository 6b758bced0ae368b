from collections import Counter
from dataclasses import replace

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.pages import EXPENSES, LEAVE, PAGES, SALARY, inputs, library
from tests.transforms.tables import built
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Qa
from transforms.datasets.qa import CLOSED_BOOK, build


def rows(given: Inputs, params: Qa | None = None) -> list[Example]:
    return [one for one in build(given, params or Qa()) if isinstance(one, Example)]


def refused(given: Inputs, params: Qa | None = None) -> Counter[Refusal]:
    return Counter(one.reason for one in build(given, params or Qa()) if isinstance(one, Refused))


def test_a_row_is_the_served_prompt_and_the_literal_answer_with_its_citation() -> None:
    given = inputs(library(*PAGES))
    made = rows(given)
    assert made
    for row in made:
        *prompt, answer = row.messages
        found = given.ask(row.question)
        evidence = row.uses[0]
        number = next(c.n for c in found.citations if c.chunk_id == evidence.chunk_id)
        assert tuple(prompt) == found.messages
        assert answer.content.rsplit(maxsplit=1) == [evidence.quote, f"[{number}]"]


def test_the_answer_is_literally_in_its_document_and_chunk() -> None:
    table = library(*PAGES)
    given = inputs(table)
    texts = dict(zip(table["document_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    for row in rows(given):
        for use in row.uses:
            assert texts[use.document_id][use.start : use.end] == use.quote
        assert row.uses[0].quote in given.chunks.row(row.uses[0].chunk_id)["quote"]


def test_every_passage_in_the_prompt_is_in_the_lineage() -> None:
    given = inputs(library(*PAGES))
    for row in rows(given):
        shown = [c.chunk_id for c in given.ask(row.question).citations]
        assert sorted(use.chunk_id for use in row.uses) == sorted(shown)
        assert [use.role for use in row.uses] == ["evidence", *["shown"] * (len(shown) - 1)]


def test_a_closed_book_row_has_the_bare_question_and_no_other_passage() -> None:
    for row in rows(inputs(library(*PAGES)), Qa(grounded=False)):
        system, user, answer = row.messages
        assert (system.content, user.content, answer.content) == (
            CLOSED_BOOK,
            row.question,
            row.uses[0].quote,
        )
        assert len(row.uses) == 1


def test_a_page_that_one_of_the_audience_may_not_read_gives_no_row_and_is_counted() -> None:
    table = library(LEAVE, SALARY, acls=[["everyone"], ["group:hr"]])
    everyone, hr = inputs(table), inputs(table, audience=("group:hr",))
    assert {use.uri for row in rows(everyone) for use in row.uses} == {"file:///item-0.md"}
    assert refused(everyone)[Refusal.AUDIENCE] >= 1
    assert {row.uses[0].uri for row in rows(hr)} == {"file:///item-0.md", "file:///item-1.md"}
    assert not refused(hr)[Refusal.AUDIENCE]


def test_a_row_with_a_neighbor_that_others_of_the_audience_may_not_read_is_refused() -> None:
    table = library(LEAVE, SALARY, acls=[["everyone"], ["group:hr"]])
    both = inputs(table, audience=("group:hr", "group:it"), most=9)
    assert all("group:hr" not in use.acl for row in rows(both) for use in row.uses)
    assert refused(both)[Refusal.AUDIENCE] > refused(inputs(table))[Refusal.AUDIENCE]


def test_a_page_closed_since_the_release_gives_no_row() -> None:
    table = library(LEAVE, EXPENSES)
    closed = table["document_id"][0].as_py()
    given = replace(inputs(table), closed={closed})
    assert {row.document_id for row in rows(given, Qa(grounded=False))} == {table["document_id"][1].as_py()}


def test_a_question_that_does_not_bring_its_own_chunk_is_refused() -> None:
    given = inputs(library(*PAGES))
    blind = replace(given, ask=lambda _: given.ask("zebra"))
    assert not rows(blind)
    assert refused(blind)[Refusal.NOT_RETRIEVED]


def test_a_question_with_two_answers_is_in_no_row() -> None:
    more = built(
        ("heading", "Leave rules", 1),
        ("heading", "Count", 2),
        ("paragraph", "Everyone has 25 days of paid time off a year. The rest is in the contract."),
    )
    asked = "How many days of paid time off does everyone have a year?"
    assert asked in {row.question for row in rows(inputs(library(LEAVE, built(("paragraph", "x y z.")))))}
    both = inputs(library(LEAVE, more))
    assert asked not in {row.question for row in rows(both)}
    assert refused(both)[Refusal.AMBIGUOUS] == 2


def test_stale_pages_other_languages_and_pages_without_a_question_are_told_apart() -> None:
    assert refused(inputs(library(LEAVE, status="stale"))) == {Refusal.STALE: 1}
    assert refused(inputs(library(LEAVE, language="de"))) == {Refusal.LANGUAGE: 1}
    assert refused(inputs(library(built(("paragraph", "Nothing."))))) == {Refusal.NO_QUESTION: 1}


def test_a_page_gives_its_best_questions_up_to_the_limit() -> None:
    given = inputs(library(*PAGES))
    every, few = rows(given), rows(given, Qa(max_per_document=1))
    assert len(few) == len(PAGES) < len(every)
    assert len(every) == len(few) + refused(given, Qa(max_per_document=1))[Refusal.OVER_LIMIT]


def test_a_rows_id_stays_while_question_answer_and_chunk_do() -> None:
    one, other = rows(inputs(library(LEAVE))), rows(inputs(library(LEAVE, EXPENSES)))
    ids = {row.row_id for row in other}
    assert len(ids) == len(other)
    assert {row.row_id for row in one if row.question in {r.question for r in other}} <= ids
