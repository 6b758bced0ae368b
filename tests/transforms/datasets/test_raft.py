"""Questions in served contexts, with their answer, or without it for a cause that is real."""

from collections import Counter
from dataclasses import replace

import pytest

from schemas.acl import EVERYONE
from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.pages import EXPENSES, LEAVE, PAGES, SALARY, inputs, library
from tests.transforms.tables import built
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Raft
from transforms.datasets.raft import build
from transforms.prompt import NOTHING

TODAY = inputs(library(*PAGES), most=4)


def rows(given: Inputs, **params: object) -> list[Example]:
    return [one for one in build(given, Raft(**params)) if isinstance(one, Example)]  # type: ignore[arg-type]


def reasons(given: Inputs, **params: object) -> Counter[Refusal]:
    return Counter(one.reason for one in build(given, Raft(**params)) if isinstance(one, Refused))  # type: ignore[arg-type]


def test_with_its_oracle_a_row_is_the_served_prompt_and_the_answer_with_its_citations() -> None:
    made = rows(TODAY, oracle_share=1)
    assert made
    for row in made:
        found = TODAY.ask(row.question)
        assert row.messages[:-1] == found.messages
        assert row.kind == "oracle"
        answer, _, marks = row.messages[-1].content.rpartition(" ")
        assert answer == row.uses[0].quote
        cited = {c.n for c in found.citations if f"[{c.n}]" in marks}
        assert row.uses[0].chunk_id in {c.chunk_id for c in found.citations if c.n in cited}
        assert {use.chunk_id for use in row.uses} == {c.chunk_id for c in found.citations}


def test_without_its_oracle_a_row_abstains_and_nothing_shown_holds_the_answer() -> None:
    made = rows(TODAY, oracle_share=0)
    assert made
    for row in made:
        asked, *shown = row.uses
        assert (row.kind, asked.role, row.messages[-1].content) == ("oracle_removed", "asked", NOTHING)
        assert row.messages[:-1] == TODAY.ask(row.question, hidden={row.document_id}).messages
        assert asked.document_id not in {use.document_id for use in shown}
        assert asked.quote not in row.messages[-2].content


def test_the_share_of_rows_with_their_oracle_is_set_and_each_question_keeps_its_place() -> None:
    pages = [
        built(
            ("heading", f"Station {n}", 1),
            ("paragraph", f"Everyone at station {n} has {n + 3} days of leave."),
        )
        for n in range(60)
    ]
    given = inputs(library(*pages), most=3)
    kinds = Counter(row.kind for row in rows(given, oracle_share=0.6))
    assert 0.45 < kinds["oracle"] / kinds.total() < 0.75
    fewer = {row.row_id for row in rows(given, oracle_share=0.3) if row.kind == "oracle"}
    assert fewer < {row.row_id for row in rows(given, oracle_share=0.6) if row.kind == "oracle"}


def test_what_somebody_outside_may_not_read_is_asked_as_them() -> None:
    table = library(LEAVE, EXPENSES, SALARY, acls=[[EVERYONE], [EVERYONE], ["group:hr"]])
    hr = inputs(table, audience=("group:hr",))
    made = [row for row in rows(hr, oracle_share=0) if row.kind == "not_permitted"]
    assert made
    for row in made:
        assert row.messages[:-1] == hr.ask(row.question, outside=True).messages
        assert row.uses[0].acl == ("group:hr",)
        assert all(EVERYONE in use.acl for use in row.uses[1:])
    everyone = inputs(table)
    assert not [row for row in rows(everyone, oracle_share=0) if row.kind == "not_permitted"]
    assert reasons(everyone, oracle_share=0)[Refusal.AUDIENCE]


def test_what_was_not_there_yet_is_asked_at_the_earlier_release() -> None:
    table = library(*PAGES)
    before = replace(inputs(table.slice(1)), release=1)
    now = replace(inputs(table), release=2, earlier=before)
    made = [row for row in rows(now, oracle_share=0) if row.kind == "before_its_time"]
    assert {row.document_id for row in made} == {table["document_id"][0].as_py()}
    for row in made:
        assert row.messages[:-1] == before.ask(row.question).messages
        assert {use.release for use in row.uses[1:]} == {1}
        assert row.uses[0].release is None


def test_an_outdated_answer_at_the_earlier_release_is_no_cause_to_abstain() -> None:
    old = built(
        ("heading", "Time off", 1),
        ("heading", "How many days", 2),
        ("paragraph", "Everyone has 20 days of paid time off a year. Part-time contracts receive a share."),
    )
    now = replace(inputs(library(*PAGES)), earlier=inputs(library(old, *PAGES[1:])))
    made = [row for row in rows(now, oracle_share=0) if row.kind == "before_its_time"]
    assert made  # of the section that is new
    assert not [row for row in made if "22 days" in row.uses[0].quote]


def test_an_answer_that_stands_elsewhere_too_is_taken_away_there_as_well() -> None:
    again = built(
        ("heading", "Welcome", 1),
        ("paragraph", "Everyone has 22 days of paid time off a year. Ask your manager about the rest."),
    )
    given = inputs(library(*PAGES, again))
    for row in rows(given, oracle_share=0):
        assert row.uses[0].quote not in row.messages[-2].content


def test_no_more_distractors_than_are_wanted() -> None:
    for row in rows(TODAY, distractors=1):
        assert len(row.uses) <= 2 + (row.kind != "oracle")


@pytest.mark.parametrize(
    "settings", [{"oracle_share": 1.5}, {"distractors": 0}, {"causes": ["boredom"]}, {"causes": []}]
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        Raft(**settings)  # type: ignore[arg-type]
