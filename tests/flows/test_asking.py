"""Answers by a language model: written from the very context that is logged, or not at all."""

from __future__ import annotations

import json

import pytest

from flows.stages.asking import Answer
from schemas.errors import UnavailableError
from tests.flows.projects import Project
from tests.llm_server import Failure, LlmServer

QUESTION = "What does the sensor of station 3 cost?"


@pytest.fixture
def asked(project: Project, llm_server: LlmServer) -> Project:
    project.settings["llm"] = llm_server.settings()
    project.pages(6)
    project.ingest()
    return project


def answer(project: Project, question: str = QUESTION) -> Answer:
    return Answer(context=project.ask(question), asks=project.open().language_model)


@pytest.mark.parametrize("streamed", [False, True])
def test_the_model_is_sent_the_messages_of_the_context_and_nothing_else(
    asked: Project, llm_server: LlmServer, streamed: bool
) -> None:
    llm_server.answers.append("It costs 30 euros [1][9], as the pages say [1, 2].")
    found = answer(asked)

    text = "".join(found.pieces()) if streamed else found.whole()

    assert text == found.text == "It costs 30 euros [1][9], as the pages say [1, 2]."
    assert llm_server.asked[0].messages == [one.model_dump() for one in found.context.messages]
    assert found.cited == (1, 2)
    assert [text[mark.start : mark.end] for mark in found.marks] == ["[1]", "[1, 2]", "[1, 2]"]
    assert found.completion is not None
    assert found.completion.text == text


def test_what_nothing_answers_is_not_asked_of_the_model(asked: Project, llm_server: LlmServer) -> None:
    found = answer(asked, "Who won the football match?")

    assert list(found.pieces()) == []
    assert found.whole() == ""
    assert (found.model, found.as_dict()["answer"]) == (None, None)
    assert llm_server.asked == []


def test_an_answer_that_breaks_off_keeps_what_was_written(asked: Project, llm_server: LlmServer) -> None:
    llm_server.failures.append(Failure(after_pieces=3))
    found = answer(asked)

    with pytest.raises(UnavailableError, match="broke off"):
        list(found.pieces())
    assert found.text == "You said: Passages, "
    assert json.dumps(found.as_dict())
