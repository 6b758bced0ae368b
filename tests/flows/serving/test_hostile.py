"""Requests that somebody means ill by are refused in words, cost no other request, and spoil nothing kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from infra.store.interactions import interactions
from infra.store.keys import add_key
from schemas.context import Principal
from tests.flows.projects import Project
from tests.flows.serving.conftest import copy_of
from tests.flows.serving.running import Running, running, until
from tests.llm_server import llm_server_running

QUESTION = "What does the sensor of station 3 cost?"
HALF = "\ud800"
JSON = {"Content-Type": "application/json"}
NO_TIME = {"created_at": "9999-12-31T23:59:59-14:00"}


def said(*earlier: str, **more: Any) -> dict[str, Any]:
    turns = [{"role": "assistant", "content": one} for one in earlier]
    return {"model": "default", "messages": [*turns, {"role": "user", "content": QUESTION}], **more}


BODIES: dict[str, tuple[str, Any]] = {
    "blank": ("/v1/context", {"question": " \n"}),
    "blank to the plugin": ("/query", {"queries": [{"query": " "}]}),
    "half a character": ("/v1/context", {"question": QUESTION, "view": HALF}),
    "half a character in an earlier turn": ("/v1/chat/completions", said(HALF)),
    "half a character for the model": ("/v1/chat/completions", said(stop=HALF)),
    "half a character in a document": ("/upsert", {"documents": [{"id": "a", "text": HALF}]}),
    "half a character in UTF-16": ("/v1/context", json.dumps({"question": HALF}).encode("utf-16")),
    "half a character in bytes": ("/v1/context", b'{"question": "\xed\xa0\x80"}'),
    "no text": ("/v1/context", b'{"question": "\xff"}'),
    "no number": ("/v1/context", b'{"question": "why?", "top_k": NaN}'),
    "a number of 6000 digits": ("/v1/context", b'{"question": "why?", "top_k": %s}' % (b"9" * 6_000)),
    "a release of 400 digits": ("/v1/context", b'{"question": "why?", "release": %s}' % (b"9" * 400)),
    "a hundred thousand lists": ("/v1/context", b"[" * 100_000),
    "filters within filters": (
        "/v1/vector_stores/default/search",
        b'{"query": "x", "filters": %s}' % (b'{"type": "and", "filters": [' * 900 + b"]}" * 900),
    ),
    "an unknown field": ("/v1/context", {"question": "why?", "__proto__": {"admin": True}}),
    "a view elsewhere": ("/v1/context", {"question": "why?", "view": "../../etc/passwd"}),
    "a group that is SQL and two lines": ("/v1/context", {"question": "why?", "groups": ["a') OR true\n--"]}),
    "a time before time": ("/v1/context", {"question": "why?", "as_of": "0001-01-01T00:00:00+14:00"}),
    "a document from after time": ("/upsert", {"documents": [{"id": "a", "text": "b", "metadata": NO_TIME}]}),
    "a context that is SQL": ("/v1/feedback", {"context_id": "' OR 1=1 --", "kind": "like"}),
    "feedback on nothing": ("/v1/feedback", {"context_id": "\0", "kind": "like"}),
}
PATHS = (
    "/v1/documents/..%2f..%2fheadwater.yaml",
    "/v1/documents/%00",
    "/v1/documents/%ed%a0%80",
    "/v1/documents/x?principal=user:%00",
    "/v1/explain/a'%20OR%201=1",
    "/v1/explain/%0d%0aSet-Cookie:%20a=b",
    "/v1/runs/..%2f..%2fetc",
    "/v1/releases/99999999999999999999999",
    "/v1/releases/1/diff/-1",
    "/v1/quarantine?source=%00",
    "/v1/models/..%2f..%2fx",
    "/inspector/..%2f..%2fapp.py",
    "/inspector/%2e%2e/%2e%2e/app.py",
)


@pytest.fixture(scope="module")
def project(library: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_of(library, tmp_path_factory.mktemp("hostile") / "project")
    sources = dict(project.settings["sources"])
    project.settings["sources"] = sources | {"inbox": {"type": "push", "acl": ["everyone"]}}
    return project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Running]:
    with llm_server_running() as llm:
        project.settings["llm"] = llm.settings()
        with running(project.open()) as server:
            server.ask(QUESTION)
            yield server


@pytest.mark.parametrize("name", BODIES)
def test_an_odd_body_is_refused_in_words(
    server: Running, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, body = BODIES[name]
    content = body if isinstance(body, bytes) else json.dumps(body)
    answer = server.client.post(path, content=content, headers=JSON)

    told = answer.json().get("error") or answer.json()
    assert 400 <= answer.status_code < 500
    assert told["code"] != "failed"
    assert told.get("fix") or "; " in told["message"]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_path_leads_nowhere(server: Running, path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = server.client.get(path)

    assert 400 <= answer.status_code < 500
    assert "set-cookie" not in answer.headers
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_what_is_odd_and_still_a_question_is_answered_and_logged(server: Running, project: Project) -> None:
    odd = (
        "\0 station 3",
        "\x1b[31m \u202e station 3",
        'station" AND (3 OR *) ^2 \\ ~',
        "\U0001f30a station 3",
    )
    ids = {server.ask(question)["context_id"] for question in odd}
    chat = server.client.post("/v1/chat/completions", json=said("a\0b", QUESTION * 5_000))
    ids.add(chat.json()["context_id"])

    until(lambda: ids <= set(interactions(project.store)["context_id"].to_pylist()))
    dropped = server.serving.metrics.registry.get_sample_value(
        "headwater_interactions_dropped_total", {"why": "failed"}
    )
    assert dropped == 0


def test_a_key_is_read_from_its_header_alone(copied: Project) -> None:
    workspace = copied.open()
    key = add_key(workspace.store, "ann", Principal(user="ann"), ["read"], now=workspace.clock())
    with running(workspace) as server:
        for name in ("key", "api_key", "access_token", "Authorization"):
            answer = server.client.get("/v1/sources", params={name: key}, headers={"Cookie": f"{name}={key}"})
            assert answer.status_code == 401
            assert key not in answer.text
