"""What a new release of a dataset adds and takes back, and everything that used a document."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.dataset_delta import write_delta
from flows.stages.dataset_exports import register_model
from flows.stages.exporting import export
from flows.stages.lineage import lineage_of
from infra.store.interactions import append_interactions
from schemas.dataset import Export
from schemas.errors import NotFoundError
from schemas.tools import Embedder
from tests.flows.projects import Project

KITCHENS = ("north", "south", "east", "west", "upper")
DEFINITION = {"type": "completion", "min_tokens": 1, "max_tokens": 256}


def page(name: str, cups: int) -> str:
    return (
        f"# The {name} kitchen\n\nIn the {name} kitchen there are {cups} cups, and the window faces {name}.\n"
    )


def lines(folder: str | Path) -> set[str]:
    return {line for path in Path(folder).glob("*.jsonl") for line in path.read_text("utf-8").splitlines()}


def kitchens(root: Path, embedders: dict[str, Embedder]) -> Project:
    """Return a project of a page for each kitchen, all that a dataset of running text is made from."""
    project = Project(root=root, embedders=embedders, settings={"datasets": {"rooms": DEFINITION}})
    for n, name in enumerate(KITCHENS):
        project.write(f"{name}.md", page(name, 10 + n))
    project.source("hall", acl=["everyone"])
    project.write("hall.md", page("hall", 3), source="hall")
    assert project.ingest("docs").run.published
    assert project.ingest("hall").run.published
    return project


def delta_of(project: Project, written: Export, since: int) -> dict[str, Any]:
    folder = write_delta(project.open(), written, since)
    found: dict[str, Any] = json.loads((folder / "_meta" / "delta.json").read_text("utf-8"))
    return found


def test_a_delta_says_what_is_new_and_why_a_row_is_gone(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = kitchens(tmp_path, embedders)
    before = export(project.open(), "rooms")
    project.write("north.md", page("north", 99))
    (project.root / "docs" / "south.md").unlink()
    project.write("lower.md", page("lower", 7))
    assert project.ingest("docs", allow_shrink=True).run.published
    project.source("hall", acl=["group:hall"])
    assert project.ingest("hall").run.published
    after = export(project.open(), "rooms")

    delta = delta_of(project, after, before.release)
    assert sorted(row["why"] for row in delta["retracted"]) == ["changed", "closed", "deleted"]
    assert len(delta["added"]) == 2
    folder = Path(after.out).parent / f"{before.release}-{after.release}"
    assert lines(folder) == lines(after.out) - lines(before.out)
    kept = lines(before.out) & lines(after.out)
    assert len(kept) == len(lines(before.out)) - len(delta["retracted"])

    again = delta_of(project, after, before.release)
    assert again == delta
    assert delta_of(project, after, after.release) == {**delta, "since": after.release, "added": [],
                                                       "retracted": []}  # fmt: skip


def test_a_delta_to_what_was_never_exported_says_what_to_run(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = kitchens(tmp_path, embedders)
    written = export(project.open(), "rooms")
    with pytest.raises(NotFoundError, match="not exported at release 1") as problem:
        write_delta(project.open(), written, 1)
    assert "headwater export rooms --release 1" in (problem.value.fix or "")


def test_a_document_knows_its_rows_contexts_and_models(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = kitchens(tmp_path, embedders)
    written = export(project.open(), "rooms")
    workspace = project.open()
    with pytest.raises(NotFoundError, match="never exported"):
        register_model(workspace, "m", dataset="other")
    told = register_model(workspace, "kitchen-7b", dataset="rooms", note="first try")
    assert (told["release"], told["rows"]) == (written.release, len(lines(written.out)))

    served = project.ask("How many cups are in the north kitchen?")
    append_interactions(workspace.store, [logged(served.model_dump(mode="json"))])
    north = project.root / "docs" / "north.md"
    found = lineage_of(workspace, str(north))
    assert [one["models"] for one in found["exports"]] == [["kitchen-7b"]]
    assert [one["context_id"] for one in found["contexts"]] == [served.context_id]

    chunk = found["exports"][0]["rows"][0]["chunks"][0]["chunk_id"]
    assert [one["context_id"] for one in lineage_of(workspace, chunk)["contexts"]] == [served.context_id]
    row = lineage_of(workspace, found["exports"][0]["rows"][0]["row_id"])
    assert (row["kind"], row["contexts"], row["exports"][0]["models"]) == ("row", [], ["kitchen-7b"])

    north.unlink()
    shutil.rmtree(written.out)
    assert project.ingest("docs", allow_shrink=True).run.published
    later = project.open()
    (document,) = {one.document_id for one in served.citations if one.uri == north.as_uri()}
    for identity, kind in ((str(north), "document"), (document, "document"), (chunk, "chunk")):
        gone = lineage_of(later, identity)
        assert (gone["kind"], gone["exports"]) == (kind, [])
        assert [one["context_id"] for one in gone["contexts"]] == [served.context_id]
        assert [(one["out"], one["models"]) for one in gone["missing"]] == [(written.out, ["kitchen-7b"])]


def test_a_model_is_not_forgotten_when_its_export_is_written_over(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = kitchens(tmp_path, embedders)
    written = export(project.open(), "rooms")
    register_model(project.open(), "kitchen-7b", dataset="rooms")
    project.settings["datasets"] = {"rooms": {**DEFINITION, "max_tokens": 128}}
    assert export(project.open(), "rooms").out == written.out
    found = lineage_of(project.open(), str(project.root / "docs" / "north.md"))
    assert [one["models"] for one in found["exports"]] == [[]]
    lost = {"dataset": "rooms", "release": written.release, "out": written.out, "models": ["kitchen-7b"]}
    assert found["missing"] == [lost]

    words = ["--project", str(project.root / "headwater.yaml"), "lineage", "docs/north.md"]
    said = CliRunner().invoke(app, words, catch_exceptions=False).stdout
    assert "written over: rooms from release" in said
    assert "trained on it: kitchen-7b" in said


def test_the_command_line_writes_deltas_and_remembers_models(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = kitchens(tmp_path, embedders)

    def said(*words: str, as_json: bool = True) -> str:
        head = ["--project", str(project.root / "headwater.yaml"), *(["--json"] if as_json else [])]
        done = CliRunner().invoke(app, [*head, *words], catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    project.open()
    before = json.loads(said("export", "rooms"))
    assert "delta" not in before
    project.write("north.md", page("north", 99))
    assert project.ingest("docs").run.published
    after = json.loads(said("export", "rooms", "--since", str(before["release"])))
    delta = json.loads((Path(after["delta"]) / "_meta" / "delta.json").read_text("utf-8"))
    assert [row["why"] for row in delta["retracted"]] == ["changed"]
    told = said("register", "kitchen-7b", "--dataset", "rooms", as_json=False)
    assert told.startswith(f"kitchen-7b was trained on rooms at release {after['release']}: 6 rows, in ")
    found = said("lineage", str(project.root / "docs" / "north.md"), as_json=False)
    assert "trained on it: kitchen-7b" in found


def logged(served: dict[str, Any]) -> dict[str, Any]:
    """Return the log's row of a context."""
    cited = served["citations"]
    return {
        "context_id": served["context_id"],
        "asked_at": datetime(2026, 1, 2, tzinfo=UTC),
        "interface": "context",
        "user": None,
        "groups": [],
        "view": served["context_view"],
        "release": served["release"],
        "digest": served["digest"],
        "question": served["question"],
        "request": "{}",
        "context": json.dumps(served),
        "answerable": served["answerable"],
        "chunk_ids": [one["chunk_id"] for one in cited],
        "document_ids": [one["document_id"] for one in cited],
        "acl": ["everyone"],
        "answer": None,
        "model": None,
        "latency_ms": 1.0,
    }
