"""What is too much is refused at once and said; nothing waits without bound."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from infra.store.keys import add_key
from schemas.context import Principal
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running

SLOW = {"question": "What does the sensor of station 3 cost? wait 0.6"}
BODY = 2_000


@pytest.fixture(scope="module")
def small(library: Project) -> Iterator[Running]:
    """A server that takes little of everything."""
    limits = {"concurrency": 1, "queue": 1, "max_body_bytes": BODY, "max_question_chars": 200}
    with running(library.open(), **limits, max_budget_tokens=500, queue_wait="5s") as server:
        server.ask("What does the sensor of station 3 cost?")
        yield server


def at_once(count: int, send: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as threads:
        return [one.result() for one in [threads.submit(send) for _ in range(count)]]


def test_over_the_queue_requests_are_refused_with_when_to_come_back(small: Running) -> None:
    answers = at_once(6, lambda: small.client.post("/v1/context", json=SLOW))

    assert Counter(answer.status_code for answer in answers) == {200: 2, 503: 4}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["code"] == "overloaded"
    assert int(refused.headers["retry-after"]) > 0
    assert small.client.get("/healthz").status_code == 200


def test_who_waits_too_long_is_refused(library: Project) -> None:
    with running(library.open(), concurrency=1, queue=5, queue_wait="1s") as server:
        server.ask("What does the sensor of station 3 cost?")
        long = {"question": SLOW["question"].replace("0.6", "1.8")}
        answers = at_once(2, lambda: server.client.post("/v1/context", json=long))

    assert sorted(answer.status_code for answer in answers) == [200, 503]


def test_a_question_and_a_budget_over_the_limit_are_refused(small: Running) -> None:
    for body in ({"question": "why? " * 50}, {"question": "why?", "budget_tokens": 501}):
        answer = small.client.post("/v1/context", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "config")
        assert answer.json()["fix"]


def test_a_body_that_says_it_is_too_long_is_not_read(small: Running) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(small.url).port or 0), timeout=10) as line:
        line.sendall(
            b"POST /v1/context HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000000\r\n\r\n{"
        )
        head = line.recv(65_536)

    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head.lower()


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off_at_the_limit(small: Running) -> None:
    sent = [0]

    def endless() -> Iterator[bytes]:
        while sent[0] < 100_000_000:
            sent[0] += 1_000
            yield b" " * 1_000

    try:
        answer = small.client.post(
            "/v1/context", content=endless(), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.json()["code"]
    except (httpx.WriteError, httpx.RemoteProtocolError):
        pass  # the server had hung up before all was sent
    assert sent[0] < 20_000_000


def test_mistakes_are_told_as_problems_and_repeat_nothing_that_was_sent(small: Running) -> None:
    secret = "hunter2"  # noqa: S105 - looked for in answers
    cases = {
        "question: ": {"question": "x" * 5_000 if BODY > 6_000 else ""},
        "password: ": {"question": "why?", "password": secret},
        "filters: ": {"question": "why?", "filters": {"colour": secret}},
        "release: ": {"question": "why?", "release": 0},
    }
    for place, body in cases.items():
        answer = small.client.post("/v1/context", json=body)
        problem = answer.json()
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(problem) == {"type", "title", "status", "code", "detail", "fix", "state"}
        assert place in problem["detail"]
        assert secret not in answer.text


def test_a_key_may_have_only_so_many_requests_open_and_others_go_on(copied: Project) -> None:
    workspace = copied.open()
    now = workspace.clock()
    mine, other = (
        add_key(workspace.store, name, Principal(user=name), ["read"], now=now) for name in ("greedy", "calm")
    )
    with running(workspace, concurrency=4, queue=20, per_key=2) as server, server.as_key(mine) as greedy:
        greedy.post("/v1/context", json={"question": "warm?"})
        answers = at_once(5, lambda: greedy.post("/v1/context", json=SLOW))
        with server.as_key(other) as calm:
            assert calm.post("/v1/context", json=SLOW).status_code == 200

    assert Counter(answer.status_code for answer in answers) == {200: 2, 429: 3}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "rate"
    assert int(refused.headers["retry-after"]) > 0
