from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.stages.contexts import context
from flows.stages.many_contexts import write_contexts
from infra.requests import read_requests
from schemas.context import ContextRequest, Principal
from schemas.errors import NotFoundError
from tests.flows.projects import Project

MOVING = {"context_id", "timings_ms"}


@pytest.fixture
def asked(project: Project) -> Project:
    project.pages(12)
    project.ingest()
    return project


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def requests(count: int) -> list[ContextRequest]:
    return [ContextRequest(question=f"What does page {n % 12} say?") for n in range(count)]


def test_many_contexts_are_those_of_each_request_in_their_order(asked: Project, tmp_path: Path) -> None:
    workspace = asked.open()

    done = write_contexts(workspace, requests(30), tmp_path / "deep" / "out.jsonl", workers=4)

    found = lines(tmp_path / "deep" / "out.jsonl")
    alone = [context(workspace, request).model_dump(mode="json") for request in requests(12)]
    assert [one["digest"] for one in found] == [alone[n % 12]["digest"] for n in range(30)]
    assert [one["question"] for one in found] == [one.question for one in requests(30)]
    assert (done.requests, done.answerable + done.not_answerable, done.failed) == (30, 30, 0)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out.jsonl"]


def test_all_are_asked_at_one_release_although_another_is_published(asked: Project, tmp_path: Path) -> None:
    asked.write("p00.md", "# Page 0\n\nNothing is as it was before.\n")
    asked.ingest()

    done = write_contexts(asked.open(), requests(3), tmp_path / "out.jsonl", release=1)

    assert done.release == 1
    assert {one["release"] for one in lines(tmp_path / "out.jsonl")} == {1}


def test_all_are_asked_as_of_a_time(asked: Project, tmp_path: Path) -> None:
    between = datetime.now(UTC)
    asked.write("p00.md", "# Page 0\n\nNothing is as it was before.\n")
    asked.ingest()

    done = write_contexts(asked.open(), requests(3), tmp_path / "out.jsonl", as_of=between)

    assert done.release == 1
    assert {one["release"] for one in lines(tmp_path / "out.jsonl")} == {1}


def test_a_request_that_cannot_be_answered_is_told_and_the_others_go_on(
    asked: Project, tmp_path: Path
) -> None:
    bad = ContextRequest(question="Which view?", view="nowhere")

    done = write_contexts(asked.open(), [*requests(2), bad, *requests(1)], tmp_path / "out.jsonl")

    found = lines(tmp_path / "out.jsonl")
    assert (done.requests, done.failed) == (4, 1)
    assert found[2]["question"] == "Which view?"
    assert "nowhere" in found[2]["error"]["detail"]
    assert [("error" in one) for one in found] == [False, False, True, False]


def test_a_run_that_breaks_off_leaves_the_file_that_was_there(asked: Project, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("kept\n", encoding="utf-8")

    with pytest.raises(NotFoundError, match="release 9"):
        write_contexts(asked.open(), requests(2), out, release=9)

    assert out.read_text(encoding="utf-8") == "kept\n"


def test_a_line_of_a_file_says_who_asks_of_whom_and_what(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    row = {
        "question": "What may I promise?",
        "view": "support",
        "principal": "user:ann",
        "groups": ["support"],
        "entities": {"customer_id": "42"},
        "budget_tokens": 900,
    }
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")

    (found,) = read_requests(path)

    assert found == ContextRequest(
        question="What may I promise?",
        view="support",
        principal=Principal(user="ann", groups=("support",)),
        entities={"customer_id": "42"},
        budget_tokens=900,
    )
