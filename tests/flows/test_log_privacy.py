"""The logs name nobody whom people wrote of, and keep what the passages say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flows.stages.feedback import record_feedback
from flows.stages.interactions import Interaction, interaction_of, log_served
from infra.store.interactions import feedback, interactions
from schemas.api import FeedbackBody
from schemas.context import Context, ContextRequest, Message
from tests.flows.logs import serve
from tests.flows.projects import Project, page
from tests.transforms.datasets.judgments import START

ANN = "ann.miller@acme.test"
DESK = "desk@acme.test"
QUESTION = f"I am {ANN}, and what does the sensor of station 3 cost?"
ANSWER = f"Dear {ANN}, it costs 30 euros; write to {DESK} [1]."
MARK = re.compile(r"<EMAIL_[0-9a-f]{6}>")


@pytest.fixture
def desk(project: Project) -> Project:
    """A page that says whom to write to."""
    project.write("p03.md", page(3) + f"\nWhoever wants one writes to {DESK}.\n")
    project.ingest()
    return project


def logged(project: Project) -> tuple[Context, dict[str, Any], str]:
    """The context that was served, the row of the log, and all of the row as a text."""
    found = serve(project, QUESTION, ANSWER, at=START)
    [row] = interactions(project.store).to_pylist()
    return found, row, str(row)


def test_whom_the_asker_wrote_of_is_a_placeholder_in_all_of_the_row(desk: Project) -> None:
    found, row, text = logged(desk)

    assert ANN in found.messages[-1].content
    assert ANN not in text
    assert set(MARK.findall(text)) == set(MARK.findall(row["question"]))
    for column in ("question", "request", "context", "answer"):
        assert len(set(MARK.findall(row[column]))) == 1, column
    assert (DESK in row["answer"], DESK in row["context"]) == (True, True)
    read = interaction_of(desk.store, found.context_id)
    assert read is not None
    assert [one.quote for one in read.context.citations] == [one.quote for one in found.citations]
    assert row["digest"] == found.digest


def test_whom_earlier_turns_name_is_one_too(desk: Project) -> None:
    workspace = desk.open()
    said = {"user": f"Hello, {ANN} here.", "assistant": f"Hi {ANN}"}
    turns = tuple(Message.model_validate({"role": role, "content": text}) for role, text in said.items())
    found = desk.ask("What does the sensor of station 3 cost?")
    within = found.model_copy(update={"messages": (*turns, *found.messages)})
    request = ContextRequest(question=found.question)
    one = Interaction(
        request=request, context=within, interface="chat", asked_at=START, latency_ms=1.0, turns=turns
    )
    log_served(workspace, [one])

    [row] = interactions(desk.store).to_pylist()
    assert ANN not in str(row)
    assert len(MARK.findall(row["context"])) == 2


def test_what_is_said_of_an_answer_names_nobody_but_whom_its_passages_name(desk: Project) -> None:
    found, _, _ = logged(desk)
    served = interaction_of(desk.store, found.context_id)
    assert served is not None
    body = FeedbackBody(
        context_id=found.context_id, kind="edit", edited=f"Write to {DESK}, not {ANN} [1].", comment=ANN
    )
    record_feedback(desk.open(), served, body, "ann")

    [row] = feedback(desk.store).to_pylist()
    assert ANN not in str(row)
    assert DESK in row["edited"]
    assert MARK.fullmatch(row["comment"])


def test_a_project_that_keeps_it_logs_word_for_word(desk: Project) -> None:
    desk.settings["policy"] = {"pii": {"log": "keep"}}
    found, row, _ = logged(desk)

    assert (row["question"], row["answer"]) == (QUESTION, ANSWER)
    assert Context.model_validate_json(row["context"]) == found


def test_what_is_no_secret_stays(desk: Project) -> None:
    desk.settings["policy"] = {"pii": {"allow": ["*@acme.test"]}}
    assert logged(desk)[1]["question"] == QUESTION
