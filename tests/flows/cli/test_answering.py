"""`headwater ask` as a person meets it: an answer, what it cites, and a log of the bytes that were sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.store.interactions import interactions
from schemas.context import Context
from tests.flows.cli.program import headwater
from tests.flows.projects import Project
from tests.llm_server import LlmServer

QUESTION = "What does the sensor of station 3 cost?"


@pytest.fixture
def folder(project: Project, llm_server: LlmServer) -> Path:
    project.settings["llm"] = llm_server.settings()
    project.pages(6)
    project.ingest()
    return project.root


def test_an_answer_is_shown_with_what_it_cites_and_its_log_holds_the_bytes_the_model_was_sent(
    folder: Path, project: Project, llm_server: LlmServer
) -> None:
    llm_server.answers.append("It costs 30 euros [1].")

    done = headwater(folder, "ask", QUESTION, "--as", "user:ann")

    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[:3] == ["It costs 30 euros [1].", "", "[1] Station 3"]
    assert lines[3].endswith("/docs/p03.md")
    assert lines[4].startswith("release 1, view default, scripted; context ")
    [row] = interactions(project.store).to_pylist()
    assert (row["user"], row["interface"], row["model"]) == ("ann", "ask", "scripted")
    assert row["answer"] == "It costs 30 euros [1]."
    logged = Context.model_validate_json(row["context"]).messages
    assert llm_server.asked[0].messages == [message.model_dump() for message in logged]
    assert all(message.content.encode() in _unescaped(llm_server.asked[0].body) for message in logged)


def test_what_nothing_answers_says_so_and_the_model_is_not_asked(folder: Path, llm_server: LlmServer) -> None:
    done = headwater(folder, "ask", "Who won the football match?", "--json")

    assert done.code == 0, done.err
    assert done.json["answer"] is None
    assert done.json["context"]["answerable"] is False
    assert llm_server.asked == []


def test_without_a_language_model_it_says_what_to_write(project: Project) -> None:
    project.open()

    done = headwater(project.root, "ask", QUESTION)

    assert done.code == 2
    assert "headwater.yaml has no `llm:` section" in done.err


def _unescaped(body: bytes) -> bytes:
    return body.replace(b"\\n", b"\n").replace(b'\\"', b'"')
