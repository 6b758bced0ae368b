"""POST /v1/context answers what the command line answers, and logs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.store.interactions import interactions
from tests.flows.projects import Project, page
from tests.flows.serving.running import Running, running

QUESTION = "What does the sensor of station 3 cost?"


@pytest.fixture
def served(project: Project) -> Iterator[Running]:
    project.pages(6)
    project.ingest()
    with running(project.open()) as server:
        yield server


def test_it_answers_what_the_command_line_answers_with_the_messages_as_text_on_request(
    project: Project, served: Running
) -> None:
    found = served.ask(QUESTION, include=["text"])

    assert found["digest"] == project.ask(QUESTION).digest
    assert found["text"] == "\n\n".join(message["content"] for message in found["messages"])
    assert "text" not in served.ask(QUESTION)


def test_what_was_served_is_in_the_log_once_the_server_has_stopped(project: Project) -> None:
    project.source("hr", acl=["group:hr"])
    project.pages(3)
    project.write("secret.md", page(3), source="hr")
    project.ingest()
    project.ingest("hr")
    with running(project.open()) as server:
        mine = server.ask(QUESTION, principal="user:ann", groups=["hr"])
        server.ask(QUESTION)
    rows = {row["user"]: row for row in interactions(project.store).to_pylist()}

    assert rows["ann"]["context_id"] == mine["context_id"]
    assert rows["ann"]["acl"] == ["group:hr"]
    assert rows[None]["acl"] == ["everyone"]
    assert rows["ann"]["groups"] == ["hr"]
    assert rows["ann"]["interface"] == "context"
