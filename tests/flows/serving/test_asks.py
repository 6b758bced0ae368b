"""POST /v1/ask: whole and streamed, from the context that is logged; every failure is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.store.interactions import interactions
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running
from tests.llm_server import Failure, LlmServer

QUESTION = "What does the sensor of station 3 cost?"
OFF_TOPIC = "Who won the football match?"


@pytest.fixture
def served(project: Project, llm_server: LlmServer) -> Iterator[Running]:
    project.settings["llm"] = llm_server.settings(timeout="2s")
    project.pages(6)
    project.ingest()
    with running(project.open()) as server:
        yield server


def events(answer: httpx.Response) -> list[tuple[str, Any]]:
    """Return server-sent events as pairs of name and content."""
    found = []
    for block in answer.text.strip().split("\n\n"):
        name, content = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(content.removeprefix("data: "))))
    return found


def test_an_answer_comes_whole_with_the_context_it_was_written_from(
    served: Running, llm_server: LlmServer
) -> None:
    llm_server.answers.append("It costs 30 euros [1].")

    said = served.client.post("/v1/ask", json={"question": QUESTION}).json()

    assert (said["answer"], said["model"], said["cited"]) == ("It costs 30 euros [1].", "scripted", [1])
    assert said["tokens"]["completion"] == 5
    assert llm_server.asked[0].messages == said["context"]["messages"]


def test_a_streamed_answer_is_the_whole_one_and_its_log_holds_what_the_model_was_sent(
    project: Project, llm_server: LlmServer
) -> None:
    project.settings["llm"] = llm_server.settings()
    project.pages(6)
    project.ingest()
    llm_server.answers += ["It costs 30 euros [1]."] * 2

    with running(project.open()) as server:
        told = events(server.client.post("/v1/ask", json={"question": QUESTION, "stream": True}))

    assert [name for name, _ in told] == ["context", *["answer"] * 5, "done"]
    assert "".join(said["text"] for name, said in told if name == "answer") == told[-1][1]["answer"]
    assert told[-1][1]["cited"] == [1]
    [row] = interactions(project.store).to_pylist()
    assert json.loads(row["context"])["messages"] == llm_server.asked[0].messages
    assert (row["answer"], row["interface"]) == ("It costs 30 euros [1].", "ask")
    assert row["acl"] == ["everyone"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_nothing_answers_is_said_without_asking_the_model(
    served: Running, llm_server: LlmServer, stream: bool
) -> None:
    answer = served.client.post("/v1/ask", json={"question": OFF_TOPIC, "stream": stream})

    said = events(answer)[-1][1] if stream else answer.json()
    assert (answer.status_code, said["answer"], said["model"]) == (200, None, None)
    assert llm_server.asked == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_does_not_answer_is_a_503_before_anything_is_sent(
    served: Running, llm_server: LlmServer, stream: bool
) -> None:
    llm_server.failures += [Failure(status=429, headers={"Retry-After": "60"})]

    answer = served.client.post("/v1/ask", json={"question": QUESTION, "stream": stream})

    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert "Retry-After" in answer.headers


def test_an_answer_that_breaks_off_ends_with_a_problem(served: Running, llm_server: LlmServer) -> None:
    llm_server.failures.append(Failure(after_pieces=2))

    told = events(served.client.post("/v1/ask", json={"question": QUESTION, "stream": True}))

    assert [name for name, _ in told] == ["context", "answer", "answer", "problem"]
    assert "broke off" in told[-1][1]["detail"]


def test_what_was_sent_before_somebody_hung_up_is_logged(project: Project, llm_server: LlmServer) -> None:
    project.settings["llm"] = llm_server.settings()
    project.pages(6)
    project.ingest()
    llm_server.answers.append(" ".join(["word"] * 100))
    llm_server.pause_s = 0.05

    with running(project.open()) as server:
        asked = {"question": QUESTION, "stream": True}
        with server.client.stream("POST", "/v1/ask", json=asked) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            context_id = json.loads(next(lines).removeprefix("data: "))["context_id"]
            next(lines)
        deadline = time.monotonic() + 20
        while server.serving.log.find(context_id) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    [row] = interactions(project.store).to_pylist()
    assert 0 < len(row["answer"].split()) < 90


def test_without_a_language_model_it_says_so_and_contexts_go_on(project: Project) -> None:
    project.pages(3)
    project.ingest()
    with running(project.open()) as server:
        answer = server.client.post("/v1/ask", json={"question": QUESTION})

        assert answer.status_code == 400
        assert "no `llm:` section" in answer.json()["detail"]
        assert server.ask(QUESTION)["answerable"]
