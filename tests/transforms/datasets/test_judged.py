"""Single answers, with whether people want them and what was known when they were asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.judgments import START, feedback, interaction, logged, messages
from tests.transforms.datasets.pages import PAGES, inputs, library
from transforms.datasets.formats import kto, kto_tag, labeled
from transforms.datasets.inputs import Asked, Inputs
from transforms.datasets.judged import build
from transforms.datasets.params import Judged

TODAY = inputs(library(*PAGES))
SERVED = TODAY.ask("How many days of paid time off does everyone have?")
ANSWER = "22 days [1]."


def judged(*said: dict[str, Any], **columns: Any) -> Inputs:
    return logged(TODAY, [interaction(SERVED, ANSWER, **columns)], said)


def rows(given: Inputs, params: Judged | None = None) -> list[Example]:
    return [one for one in build(given, params or Judged()) if isinstance(one, Example)]


def test_a_single_like_or_dislike_is_a_row_under_the_logged_prompt() -> None:
    for kind, wanted in (("like", True), ("dislike", False)):
        (row,) = rows(judged(feedback(kind)))
        prompt, answer = messages(SERVED), {"role": "assistant", "content": ANSWER}
        assert kto(row) == {"prompt": prompt, "completion": [answer], "label": wanted}
        assert kto_tag(row) == {
            "conversations": [
                {"from": "human", "value": prompt[-1]["content"]},
                {"from": "gpt", "value": ANSWER},
            ],
            "system": "s",
            "kto_tag": wanted,
        }


def test_what_somebody_put_in_an_answers_place_is_wanted() -> None:
    (row,) = rows(judged(feedback("edit", edited="22 days a year [1].")))
    assert (row.messages[-1].content, row.label, row.kind) == ("22 days a year [1].", True, "edit")


def test_a_score_in_the_middle_and_a_tie_say_nothing() -> None:
    found = list(build(judged(feedback("score", score=0.5)), Judged()))
    assert [one.reason for one in found if isinstance(one, Refused)] == [Refusal.NO_PREFERENCE]
    found = list(build(judged(feedback("like"), feedback("dislike", by="bob")), Judged()))
    assert [one.reason for one in found if isinstance(one, Refused)] == [Refusal.CONFLICT]


def test_facts_are_asked_for_as_of_the_question_and_join_the_row() -> None:
    asked: list[Asked] = []

    def facts(name: str, given: Sequence[Asked]) -> list[Mapping[str, Any]]:
        assert name == "customer"
        asked.extend(given)
        return [{"tier": "gold"} for _ in given]

    given = judged(feedback("like"), request={"entities": {"customer_id": "42"}})
    (row,) = rows(replace(given, facts=facts), Judged(features=("customer",)))
    assert asked == [({"customer_id": "42"}, START)]
    assert labeled(row) == {
        "question": SERVED.question,
        "answer": ANSWER,
        "score": 1.0,
        "customer.tier": "gold",
        "label": True,
    }
