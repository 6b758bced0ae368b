"""Today's answer against yesterday's, under today's prompt."""

from dataclasses import replace

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.pages import EXPENSES, LEAVE, PAGES, SALARY, inputs, library
from tests.transforms.tables import built
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Revisions
from transforms.datasets.revisions import build

OLD = built(
    ("heading", "Time off", 1),
    ("heading", "How many days", 2),
    ("paragraph", "Everyone has 20 days of paid time off a year. Part-time contracts receive a share."),
    ("heading", "Carrying days over", 2),
    ("paragraph", "You may carry five unused days into the next year. They expire on March 31."),
)
BEFORE = replace(inputs(library(OLD, EXPENSES, SALARY)), release=1)
NOW = replace(inputs(library(LEAVE, EXPENSES, SALARY)), release=2, earlier=BEFORE)


def rows(given: Inputs) -> list[Example]:
    return [one for one in build(given, Revisions()) if isinstance(one, Example)]


def test_todays_answer_is_chosen_against_yesterdays_under_todays_prompt() -> None:
    made = rows(NOW)
    assert made
    for row in made:
        assert row.messages[:-1] == NOW.ask(row.question).messages
        assert "22 days" in row.messages[-1].content
        assert "20 days" in row.rejected[0].content
        assert row.messages[-1].content.endswith("]")


def test_each_answer_is_a_span_of_its_own_release() -> None:
    for row in rows(NOW):
        new, *_, old = row.uses
        assert (new.role, new.release, old.role, old.release) == ("evidence", None, "outdated", 1)
        assert LEAVE.text[new.start : new.end] == new.quote
        assert OLD.text[old.start : old.end] == old.quote


def test_documents_that_say_the_same_give_no_pair_and_are_counted() -> None:
    same = replace(NOW, earlier=NOW)
    found = [one.reason for one in build(same, Revisions()) if isinstance(one, Refused)]
    assert found == [Refusal.UNCHANGED] * len(PAGES)
    alone = replace(NOW, earlier=None)
    assert not rows(alone)


def test_an_old_answer_that_still_stands_somewhere_is_not_outdated() -> None:
    told = "a year. Part-time contracts receive a share."
    memo = built(
        ("heading", "Memo on leave", 1),
        ("paragraph", f"Until 2019 it said here: Everyone has 20 days of paid time off {told}"),
    )
    given = replace(inputs(library(LEAVE, EXPENSES, SALARY, memo)), earlier=BEFORE)
    found = list(build(given, Revisions()))
    assert Refusal.STILL_ANSWERED in {one.reason for one in found if isinstance(one, Refused)}
    assert not any("20 days" in m.content for row in rows(given) for m in row.messages)
