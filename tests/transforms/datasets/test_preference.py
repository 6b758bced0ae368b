"""Pairs of answers to a prompt that was served, as it was served, to whom everything in it is open."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.judgments import feedback, interaction, logged, messages
from tests.transforms.datasets.pages import LEAVE, PAGES, inputs, library
from tests.transforms.tables import built
from transforms.datasets.formats import openai, ranking, reward, trl
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Preference
from transforms.datasets.preference import build

QUESTION = "How many days of paid time off does everyone have?"
TODAY = inputs(library(*PAGES))
SERVED = TODAY.ask(QUESTION)
GOOD, BAD = "Everyone has 22 days of paid time off a year [1].", "I do not know."


def rows(given: Inputs, params: Preference | None = None) -> list[Example]:
    return [one for one in build(given, params or Preference()) if isinstance(one, Example)]


def refused(given: Inputs, params: Preference | None = None) -> dict[Refusal, int]:
    return dict(
        Counter(one.reason for one in build(given, params or Preference()) if isinstance(one, Refused))
    )


def judged(given: Inputs, *, said: list[dict[str, Any]] | None = None, **columns: Any) -> Inputs:
    """Return inputs in which one answer was shown, and edited unless something else was said of it."""
    return logged(
        given,
        [interaction(SERVED, BAD, **columns)],
        [feedback("edit", edited=GOOD)] if said is None else said,
    )


def test_the_prompt_is_what_was_logged_byte_for_byte() -> None:
    (row,) = rows(judged(TODAY))
    *prompt, chosen = (message.model_dump() for message in row.messages)
    assert prompt == messages(SERVED)
    assert chosen == {"role": "assistant", "content": GOOD}
    assert [message.content for message in row.rejected] == [BAD]
    assert row.context_id == SERVED.context_id


def test_every_passage_that_was_shown_is_in_the_lineage_and_those_cited_are_the_evidence() -> None:
    (row,) = rows(judged(TODAY))
    assert [use.quote for use in row.uses if use.role == "evidence"] == [SERVED.citations[0].quote]
    assert {use.chunk_id for use in row.uses} == {citation.chunk_id for citation in SERVED.citations}


def test_answers_to_one_prompt_meet_though_they_were_given_on_different_days() -> None:
    other = SERVED.model_copy(update={"context_id": "other"})
    said = [feedback("like", "c"), feedback("dislike", "other", by="bob")]
    given = logged(TODAY, [interaction(SERVED, GOOD), interaction(other, BAD)], said)
    (row,) = rows(given)
    assert (row.messages[-1].content, row.rejected[0].content, row.kind) == (GOOD, BAD, "verdict")


def test_answers_to_different_prompts_never_meet() -> None:
    elsewhere = TODAY.ask("What do you pay for a meal with a customer?").model_copy(
        update={"context_id": "other"}
    )
    said = [feedback("like", "c"), feedback("dislike", "other")]
    given = logged(TODAY, [interaction(SERVED, GOOD), interaction(elsewhere, BAD)], said)
    assert refused(given) == {Refusal.NO_PREFERENCE: 2}


def test_what_changed_since_is_refused_or_kept_and_labeled() -> None:
    changed = built(
        ("heading", "Time off", 1),
        ("heading", "How many days", 2),
        ("paragraph", "Everyone has 24 days of paid time off a year. Part-time contracts receive a share."),
    )
    later = judged(inputs(library(changed, *PAGES[1:])))
    assert refused(later) == {Refusal.STALE: 1}

    (row,) = rows(later, Preference(stale="keep"))
    assert row.kind == "stale_edit"
    outdated = [use for use in row.uses if use.role == "outdated"]
    assert any("22 days" in use.quote for use in outdated)
    assert {use.release for use in outdated} == {SERVED.release}


def test_text_that_moved_in_its_document_is_as_it_was() -> None:
    first = ("paragraph", "This page was moved to another place of the handbook in spring.")
    moved = built(("heading", "Time off", 1), first, *_after_title())
    (row,) = rows(judged(inputs(library(moved, *PAGES[1:]))))
    text = library(moved, *PAGES[1:]).to_pylist()[0]["text"]
    mine = [use for use in row.uses if use.document_id == SERVED.citations[0].document_id]
    assert mine
    assert all(text[use.start : use.end] == use.quote for use in mine)


def _after_title() -> list[tuple[Any, ...]]:
    return [
        ("heading", "How many days", 2),
        ("paragraph", "Everyone has 22 days of paid time off a year. Part-time contracts receive a share."),
        ("heading", "Carrying days over", 2),
        ("paragraph", "You may carry five unused days into the next year. They expire on March 31."),
    ]


@pytest.mark.parametrize("stale", ["refuse", "keep"])
def test_what_is_gone_since_is_never_trained_on(stale: Any) -> None:
    table = library(*PAGES)
    left = inputs(table.slice(1))
    assert LEAVE.text == table["text"][0].as_py()
    assert refused(judged(left), Preference(stale=stale)) == {Refusal.STALE: 1}


def test_only_interactions_that_the_whole_audience_may_read() -> None:
    assert refused(judged(TODAY, acl=["group:hr"])) == {Refusal.AUDIENCE: 1}
    assert refused(judged(TODAY, acl=[])) == {Refusal.AUDIENCE: 1}
    hr = inputs(library(*PAGES), audience=("group:hr",))
    assert len(rows(judged(hr, acl=["group:hr", "user:ann"]))) == 1
    closed = replace(TODAY, closed={SERVED.citations[0].document_id})
    assert refused(judged(closed)) == {Refusal.AUDIENCE: 1}
    narrowed = inputs(library(*PAGES, acls=[["group:hr"], ["everyone"], ["everyone"]]))
    assert refused(judged(narrowed)) == {Refusal.AUDIENCE: 1}


def test_what_nobody_judged_and_what_cannot_be_read_is_counted() -> None:
    assert refused(judged(TODAY, said=[])) == {Refusal.NOT_JUDGED: 1}
    assert refused(judged(TODAY, context="{}")) == {Refusal.MALFORMED: 1}
    assert refused(judged(TODAY, said=[feedback("like")])) == {Refusal.NO_PREFERENCE: 1}
    tie = [feedback("ranking", ranking=[GOOD, BAD]), feedback("ranking", by="bob", ranking=[BAD, GOOD])]
    assert refused(judged(TODAY, said=tie)) == {Refusal.CONFLICT: 1}


def test_a_pair_is_written_as_trainers_read_it() -> None:
    (row,) = rows(judged(TODAY))
    prompt, chosen, rejected = messages(SERVED), _assistant(GOOD), _assistant(BAD)
    assert trl(row) == {"prompt": prompt, "chosen": [chosen], "rejected": [rejected]}
    assert openai(row) == {
        "input": {"messages": prompt, "tools": [], "parallel_tool_calls": True},
        "preferred_output": [chosen],
        "non_preferred_output": [rejected],
    }
    assert reward(row) == {"chosen": [*prompt, chosen], "rejected": [*prompt, rejected]}
    assert ranking(row) == {
        "conversations": [{"from": "human", "value": prompt[-1]["content"]}],
        "chosen": {"from": "gpt", "value": GOOD},
        "rejected": {"from": "gpt", "value": BAD},
        "system": "s",
    }


def _assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}
