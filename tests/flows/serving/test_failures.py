"""What nobody foresaw is told in each interface's words and without its content, counted, and logged once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from flows.serving import serving
from flows.serving.current import HEADER
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running, until

SECRET = "the salary band is 9173"  # noqa: S105 - looked for in answers
QUESTION = "What does the sensor of station 3 cost?"
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": QUESTION}},
}
BOTH = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def server(library: Project) -> Iterator[Running]:
    with running(library.open()) as server:
        server.ask(QUESTION)
        yield server


@pytest.fixture
def broken(server: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A server in which something goes wrong while it reads a document."""

    def fail(*_given: Any) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(serving, "context", fail)
    return server


def counted(server: Running, route: str) -> float:
    return server.serving.metrics.registry.get_sample_value("headwater_failures_total", {"route": route}) or 0


def told_once(caplog: pytest.LogCaptureFixture, request_id: str) -> bool:
    """Whether the log has one error, which names the request and says what happened."""
    [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    error = record.exc_info[1] if record.exc_info else None
    return request_id in record.getMessage() and str(error) == SECRET


def test_it_is_a_problem_that_names_the_request(broken: Running, caplog: pytest.LogCaptureFixture) -> None:
    answer = broken.client.post("/v1/context", json={"question": QUESTION})

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["state"]) == (
        500,
        "failed",
        "what was published stays",
    )
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers[HEADER] in problem["fix"]
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert told_once(caplog, answer.headers[HEADER])
    until(lambda: counted(broken, "/v1/context") == 1)
    assert 'status="500"' in broken.client.get("/metrics").text


def test_openais_clients_are_told_as_they_read_it(broken: Running, caplog: pytest.LogCaptureFixture) -> None:
    route = "/v1/vector_stores/{view}/search"
    answer = broken.client.post(route.format(view="default"), json={"query": QUESTION})

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (500, "server_error", "failed")
    assert answer.headers[HEADER] in error["message"]
    assert SECRET not in answer.text
    assert told_once(caplog, answer.headers[HEADER])
    until(lambda: counted(broken, route) == 1)


def test_agents_are_told_as_the_tools_answer(broken: Running, caplog: pytest.LogCaptureFixture) -> None:
    answer = broken.client.post("/mcp", json=CALL, headers=BOTH)

    result = answer.json()["result"]
    assert result["isError"]
    assert answer.headers[HEADER] in result["content"][0]["text"]
    assert SECRET not in answer.text
    assert told_once(caplog, answer.headers[HEADER])
    until(lambda: counted(broken, "/mcp") == 1)


def test_an_answer_that_is_foreseen_is_no_failure(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    answer = server.client.post("/v1/context", json={"question": QUESTION, "view": "nowhere"})

    assert (answer.status_code, len(answer.headers[HEADER])) == (404, 32)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
