"""What people say of answers is recorded; a wrong citation reaches the owner of its source."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest

from infra.store.interactions import feedback
from tests.flows.cli.program import headwater
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running

QUESTION = "What does the sensor of station 7 cost?"
ANN: dict[str, Any] = {"principal": "user:ann", "groups": ["hr"]}


@pytest.fixture(scope="module")
def posted() -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """An address that takes reports, and what it was sent."""
    reports: Queue[dict[str, Any]] = Queue()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    desk = HTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{desk.server_port}/reports", reports
    desk.shutdown()
    desk.server_close()


@pytest.fixture(scope="module")
def server(library: Project, posted: tuple[str, Queue[dict[str, Any]]]) -> Iterator[Running]:
    with running(library.open(), report_url=posted[0]) as server:
        yield server


def say(server: Running, found: Any, **said: Any) -> Any:
    answer = server.client.post("/v1/feedback", json={"context_id": found["context_id"], **said})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_each_kind_is_on_disk_when_it_is_answered(server: Running, library: Project) -> None:
    found = server.ask(QUESTION, **ANN)
    kinds: list[dict[str, Any]] = [
        {"kind": "like"},
        {"kind": "dislike", "comment": "too long"},
        {"kind": "score", "score": 0.75},
        {"kind": "ranking", "ranking": ["the short one", "the long one"]},
        {"kind": "edit", "edited": "It costs 9173 euros.", "answer": "It costs a lot."},
    ]
    for said in kinds:
        say(server, found, **said, **ANN)
    where = f"context_id = '{found['context_id']}'"
    rows = feedback(library.store, where=where).to_pylist()

    assert [row["kind"] for row in rows] == [said["kind"] for said in kinds]
    assert {row["labeler"] for row in rows} == {"ann"}
    assert rows[2]["score"] == 0.75
    assert rows[3]["ranking"] == ["the short one", "the long one"]
    assert (rows[4]["edited"], rows[4]["answer"]) == ("It costs 9173 euros.", "It costs a lot.")


def test_a_wrong_citation_reaches_its_sources_owner_by_log_by_route_by_verb_and_by_post(
    server: Running, library: Project, posted: tuple[str, Queue[dict[str, Any]]]
) -> None:
    found = server.ask(QUESTION, **ANN)
    cited = next(citation for citation in found["citations"] if citation["source"] == "hr")
    told = say(server, found, kind="wrong_citation", citation=cited["n"], comment="it is 9174", **ANN)
    report = posted[1].get(timeout=10)
    wanted = {"kind": "wrong_citation", "owner": "hr@acme.test"}
    shown = headwater(library.root, "feedback", "list", "--owner", wanted["owner"], "--json").json

    assert (told["owner"], told["uri"]) == (wanted["owner"], cited["uri"])
    assert told["feedback_id"] in [row["feedback_id"] for row in shown]
    listed = server.client.get("/v1/feedback", params=wanted).json()
    assert listed[0] == told
    assert server.client.get("/v1/feedback", params=wanted | {"owner": "people@acme.test"}).json() == []
    assert (report["feedback_id"], report["owner"]) == (told["feedback_id"], wanted["owner"])
    assert QUESTION not in json.dumps(report)


def test_what_does_not_fit_is_refused(server: Running) -> None:
    found = server.ask(QUESTION, **ANN)
    wrong: list[tuple[int, dict[str, Any]]] = [
        (422, {"kind": "score"}),
        (422, {"kind": "score", "score": 1.5}),
        (422, {"kind": "like", "score": 0.5}),
        (422, {"kind": "ranking", "ranking": ["only one"]}),
        (422, {"kind": "applause"}),
        (400, {"kind": "wrong_citation", "citation": 99}),
        (404, {"kind": "like", "context_id": "unknown"}),
        (404, {"kind": "like", "principal": "user:bob", "groups": []}),
    ]
    for status, body in wrong:
        answer = server.client.post("/v1/feedback", json={"context_id": found["context_id"]} | ANN | body)
        assert answer.status_code == status, (body, answer.text)


def test_what_is_missing_is_named(server: Running) -> None:
    body = {"context_id": server.ask(QUESTION, **ANN)["context_id"], "kind": "ranking"} | ANN

    assert "kind 'ranking' needs ranking" in server.client.post("/v1/feedback", json=body).json()["detail"]
