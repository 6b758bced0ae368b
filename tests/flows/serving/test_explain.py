"""A context can be explained later, to its asker and admins; rights that were taken since count."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from infra.store import releases
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running

QUESTION = "What does the sensor of station 7 cost?"
COSTS = 9173
TOLD = f"costs {COSTS} euros"
ANN = {"principal": "user:ann", "groups": ["hr"]}


@pytest.fixture
def server(copied: Project) -> Iterator[Running]:
    with running(copied.open()) as server:
        yield server


def test_its_asker_and_an_admin_see_why_each_candidate_is_in_or_out(server: Running) -> None:
    found = server.ask(QUESTION, **ANN)
    url = f"/v1/explain/{found['context_id']}"
    at_once = server.client.get(url, params=ANN).json()
    time.sleep(2.5)  # it is in the log now, and not only about to be
    later = server.client.get(url, params=ANN).json()

    assert at_once["unchanged"]
    assert at_once["context"] == found
    assert {"kept", "merged"} & {candidate["verdict"] for candidate in at_once["candidates"]}
    assert later == at_once
    assert server.client.get(url).json()["context"] == found
    for nobody in (
        {"principal": "user:bob"},
        {"groups": ["hr"]},
        {"principal": "user:bob", "groups": ["hr"]},
    ):
        assert server.client.get(url, params=nobody).status_code == 404


def test_a_question_whose_personal_data_was_replaced_in_the_log_says_so(server: Running) -> None:
    found = server.ask(f"{QUESTION} Tell max.muster@acme-mail.com.", **ANN)
    url = f"/v1/explain/{found['context_id']}"
    deadline = time.monotonic() + 20
    while "max.muster" in (told := server.client.get(url, params=ANN).json())["question"]:
        assert time.monotonic() < deadline, "it was never logged"
        time.sleep(0.2)

    assert "<EMAIL_" in told["question"]
    assert not told["unchanged"]
    assert "replaced in the log" in told["note"]
    assert told["candidates"]


def test_who_lost_a_right_is_not_shown_again_what_it_opened(server: Running, copied: Project) -> None:
    found = server.ask(QUESTION, **ANN)
    document = next(c["document_id"] for c in found["citations"] if c["source"] == "hr")
    assert TOLD in server.client.get(f"/v1/documents/{document}", params=ANN).text
    copied.source("hr", acl=["group:board"])
    copied.ingest("hr")
    pinned = releases.releases(copied.store)[1].release
    started = time.monotonic()

    for path in (f"/v1/explain/{found['context_id']}", f"/v1/documents/{document}"):
        for more in ({}, {"release": pinned}):
            assert TOLD not in server.client.get(path, params=ANN | more).text, path
    explained = server.client.get(f"/v1/explain/{found['context_id']}", params=ANN).json()
    assert (explained["unchanged"], explained["context"]) == (False, None)
    assert TOLD not in str(server.ask(QUESTION, **ANN))
    assert TOLD not in str(server.ask(QUESTION, **ANN, release=pinned, explain=True))
    assert time.monotonic() - started < 60
    board = {"principal": "user:eve", "groups": ["board"]}
    assert TOLD in server.client.get(f"/v1/documents/{document}", params=board).text


def test_what_releases_count_and_differ_in_is_told_to_those_who_may_read_it(server: Running) -> None:
    for params, sees, counted in (
        (ANN, True, False),
        ({"principal": "user:bob"}, False, False),
        ({}, True, True),
    ):
        listed = server.client.get("/v1/releases", params=params).json()
        one = server.client.get("/v1/releases/2", params=params).json()
        differs = server.client.get("/v1/releases/1/diff/2", params=params).json()

        assert [release["release"] for release in listed] == [1, 2]
        assert (one["counts"] is not None) == counted == (listed[0]["counts"] is not None)
        assert ("secret.md" in str(differs)) == sees
        assert ("chunks" in differs) == counted
