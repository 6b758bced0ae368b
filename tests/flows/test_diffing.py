"""The difference between two releases, held against what the runs between them said they did."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.diffing import ReleaseDiff, diff
from infra.store import releases
from tests.flows.library import SAMPLE
from tests.flows.projects import NO_TEXT, Project, page

NONE = {"added": 0, "changed": 0, "removed": 0, "rebuilt": False}


def between(project: Project, before: int, after: int) -> ReleaseDiff:
    store = project.store
    return diff(store, releases.get(store, before), releases.get(store, after))


def keys(rows: Any) -> list[str]:
    return [row["key"] for row in rows]


def cli(project: Project, *arguments: str) -> str:
    answer = CliRunner().invoke(app, ["--project", str(project.root / "headwater.yaml"), *arguments])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_a_diff_names_what_was_added_edited_deleted_and_went_stale(project: Project) -> None:
    project.pages(6)
    project.write("ferry.txt", "The ferry goes at noon.")
    project.ingest()
    project.write("p00.md", page(0, costs=7))
    (project.root / "docs/p01.md").unlink()
    project.write("p06.md", page(6))
    project.write("ferry.txt", NO_TEXT)
    run = project.ingest().run

    found = between(project, 1, 2)

    documents, chunks = found.documents, found.chunks["default"]
    assert (keys(documents.added), keys(documents.removed)) == (["p06.md"], ["p01.md"])
    assert {row["key"]: row["what"] for row in documents.changed} == {
        "p00.md": ["content"],
        "ferry.txt": ["status"],
    }
    assert documents.added[0]["uri"].endswith("docs/p06.md")
    assert documents.added[0]["title"] == "Station 6"
    assert (chunks.added, chunks.removed) == (run.chunks.added, run.chunks.removed) == (2, 2)
    assert (chunks.changed, chunks.rebuilt) == (1, False)
    assert found.as_dict() == found.as_dict() | {"from": 1, "to": 2}

    back = between(project, 2, 1)
    assert (back.documents.added, back.documents.removed) == (documents.removed, documents.added)
    assert keys(back.documents.changed) == keys(documents.changed)


def test_a_release_differs_from_itself_and_from_its_rollback_in_nothing(project: Project) -> None:
    project.pages(3)
    project.ingest()
    project.write("p00.md", page(0, costs=7))
    project.ingest()
    cli(project, "release", "rollback", "1")

    for one, other in ((1, 1), (2, 2), (1, 3), (3, 1)):
        found = between(project, one, other).as_dict()
        assert found["documents"] == {"added": [], "changed": [], "removed": []}, (one, other)
        assert found["chunks"] == {"default": NONE}


def test_rights_and_labels_that_moved_are_told_apart(project: Project) -> None:
    project.pages(3)
    project.ingest()
    project.source("docs", acl=["group:hr"])
    project.ingest()
    project.source("docs", owner="ann@acme.test")
    project.ingest()

    assert {tuple(row["what"]) for row in between(project, 1, 2).documents.changed} == {("acl",)}
    assert {tuple(row["what"]) for row in between(project, 2, 3).documents.changed} == {("labels",)}
    assert between(project, 1, 2).chunks["default"].changed == 3


def test_an_index_in_another_table_is_rebuilt_and_only_counted(project: Project) -> None:
    project.pages(4)
    project.ingest()
    project.chunker(64)
    project.ingest(allow_rebuild=True)

    found = between(project, 1, 2)

    assert found.chunks["default"].as_dict() == {"added": 4, "changed": 0, "removed": 4, "rebuilt": True}
    assert found.documents.as_dict() == {"added": [], "changed": [], "removed": []}


def test_a_person_reads_counts_first_and_not_more_than_twenty_of_a_kind(project: Project) -> None:
    project.write("ferry.txt", "The ferry goes at noon.")
    project.ingest()
    project.pages(32)
    project.ingest()
    cli(project, "release", "name", "1", "before-stations")

    lines = cli(project, "release", "diff", "before-stations", "2").splitlines()

    assert lines[:3] == [
        "release 1 -> 2",
        "  documents  32 added, 0 changed, 0 removed",
        "  chunks     default: 32 added, 0 changed, 0 removed",
    ]
    assert lines[3].split() == ["added", "docs", "p00.md", "Station", "0"]
    assert len(lines) == 3 + 20 + 1
    assert lines[-1] == "... and 12 more added"
    told = json.loads(cli(project, "--json", "release", "diff", "1", "2"))
    assert (told["from"], told["to"], len(told["documents"]["added"])) == (1, 2, 32)
    assert told["chunks"] == {"default": NONE | {"added": 32}}


def test_a_name_stands_for_its_release_wherever_one_is_asked_for(project: Project) -> None:
    project.pages(3)
    project.settings["datasets"] = {"qa": {"type": "qa", "source": "docs"}}
    project.write("warranty.md", (SAMPLE / "handbook/support/warranty.md").read_bytes())
    project.ingest()
    project.write("p00.md", page(0, costs=7))
    project.ingest()

    named = json.loads(cli(project, "--json", "release", "name", "1", "golden"))

    assert (named["release"], named["name"]) == (1, "golden")
    assert "golden" in cli(project, "release", "list")
    question = ["--json", "context", "What does the sensor of station 0 cost?", "--release"]
    assert json.loads(cli(project, *question, "golden"))["release"] == 1
    assert json.loads(cli(project, "--json", "export", "qa", "--release", "golden"))["release"] == 1
    assert cli(project, "release", "show", "golden").startswith("release 1  golden")
    assert cli(project, "release", "verify", "golden").startswith("release 1 is whole")
    assert "rollback to release 1" in cli(project, "--json", "release", "rollback", "golden")
    assert cli(project, "release", "name", "golden", "").strip() == "release 1 has no name"
