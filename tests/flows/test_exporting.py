"""Datasets from real releases: what is trained on is what was served, byte for byte, as trainers read it."""

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from flows.stages.contexts import context
from flows.stages.exporting import export
from schemas.context import ContextRequest
from schemas.dataset import Export
from schemas.errors import ConfigError, NotFoundError, RefusedError
from tests.flows.exported import answered, contents, rows, uses
from tests.flows.projects import Project


def test_a_training_prompt_is_byte_for_byte_the_served_one(shelf: Project, faq: Export) -> None:
    workspace = shelf.open()
    asked = {}
    for _, _, row in rows(faq):
        *prompt, _ = row["messages"]
        question = prompt[-1]["content"].rpartition("Question: ")[2]
        served = context(workspace, ContextRequest(question=question, release=faq.release))
        assert [m.model_dump() for m in served.messages] == prompt
        asked[question] = prompt

    question, prompt = next(iter(asked.items()))
    code, answer = answered(shelf, "context", question, "--release", str(faq.release))
    assert code == 0
    assert json.dumps(answer["messages"]).encode() == json.dumps(prompt).encode()


def test_every_answer_is_literally_in_the_passage_it_cites(shelf: Project, faq: Export) -> None:
    texts = {row["document_id"]: row["text"] for row in shelf.documents("document_id", "text")}
    by_row = {(use["split"], use["line"]): use for use in uses(faq) if use["role"] == "evidence"}
    assert len(by_row) == sum(faq.splits.values()) == len(rows(faq))
    for split, line, row in rows(faq):
        use, prompt = by_row[split, line], row["messages"][1]["content"]
        quote = texts[use["document_id"]][use["start"] : use["end"]]
        answer, _, mark = row["messages"][-1]["content"].rpartition("[")
        assert answer.rstrip() == quote
        passage = prompt.partition(f" [{mark}")[2].partition("\n</")[0]
        assert quote in passage
        assert hashlib.sha256(quote.encode()).hexdigest() == use["quote_hash"]


def test_a_family_of_documents_is_in_one_split(faq: Export) -> None:
    splits = defaultdict(set)
    for use in uses(faq):
        if use["role"] == "evidence":
            splits[use["document_id"]].add(use["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert faq.splits["train"] > 0


def test_the_same_release_and_definition_give_the_same_bytes(
    shelf: Project, faq: Export, tmp_path: Path
) -> None:
    again = export(shelf.open(), "faq", out=tmp_path)
    assert contents(again.out) == contents(faq.out)
    inode = Path(faq.out).stat().st_ino
    export(shelf.open(), "faq")
    assert Path(faq.out).stat().st_ino == inode
    assert [p.name for p in Path(faq.out).parent.iterdir()] == [Path(faq.out).name]


def test_the_manifest_and_the_store_know_every_file(shelf: Project, faq: Export) -> None:
    manifest = json.loads(Path(faq.manifest).read_text("utf-8"))
    found = contents(faq.out)
    mine = found.pop("_meta/manifest.json")
    assert manifest["files"] == found
    assert manifest["refused"] == faq.refused
    logged = [row for row in shelf.store.scan("datasets").to_pylist() if row["out"] == faq.out]
    assert json.loads(logged[0]["files"]) == {**found, "_meta/manifest.json": mine}
    assert logged[0]["definition_hash"] == manifest["definition_hash"]
    assert json.loads(logged[0]["counts"])["splits"] == faq.splits


def test_files_that_trainers_read_have_their_columns_and_no_other(shelf: Project, faq: Export) -> None:
    assert {frozenset(row) for _, _, row in rows(faq)} == {frozenset({"messages"})}
    bare = export(shelf.open(), "closed-book")
    assert {tuple(row) for _, _, row in rows(bare)} == {("instruction", "input", "output", "system")}
    triplets = export(shelf.open(), "retriever")
    assert {tuple(row) for _, _, row in rows(triplets)} == {
        ("anchor", "positive", "negative_1", "negative_2")
    }


def test_load_dataset_alone_yields_exactly_the_splits(
    faq: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="install `datasets` to load what was exported")
    loaded = datasets.load_dataset(faq.out, cache_dir=str(tmp_path))
    assert {name: split.num_rows for name, split in loaded.items()} == {
        k: n for k, n in faq.splits.items() if n
    }
    assert {tuple(split.column_names) for split in loaded.values()} == {("messages",)}


def test_the_command_line_answers_as_scripts_expect(shelf: Project, faq: Export) -> None:
    code, answer = answered(shelf, "export", "faq")
    assert code == 0
    assert answer == faq.as_dict()
    assert list(answer) == ["dataset", "release", "out", "splits", "refused", "manifest"]

    use = uses(faq)[0]
    code, answer = answered(shelf, "lineage", use["row_id"])
    assert (code, answer["kind"]) == (0, "row")
    code, answer = answered(shelf, "lineage", "nothing")
    assert (code, answer["code"]) == (2, "not_found")


def test_an_interrupted_export_leaves_nothing_that_looks_like_one(
    shelf: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("flows.stages.exporting.replace_folder", stop)
        with pytest.raises(KeyboardInterrupt):
            export(shelf.open(), "faq", out=tmp_path)
    assert not list((tmp_path / "faq").iterdir())

    (tmp_path / "faq" / ".2-dead.partial").mkdir()  # as after kill -9
    written = export(shelf.open(), "faq", out=tmp_path)
    assert [path.name for path in (tmp_path / "faq").iterdir()] == [Path(written.out).name]


@pytest.mark.parametrize(
    ("definition", "problem", "told"),
    [
        ({"type": "sonnet"}, ConfigError, "sonnet"),
        ({"type": "qa", "format": "columns"}, ConfigError, "columns"),
        ({"type": "qa", "grounds": True}, ConfigError, "grounds"),
        ({"type": "qa", "splits": {"train": 0.5}}, ConfigError, "splits"),
        ({"type": "qa", "context_view": "narrow", "source": "docs"}, RefusedError, "not_retrieved"),
    ],
)
def test_a_wrong_definition_is_told_before_a_dataset_is_written(
    shelf: Project, definition: dict[str, Any], problem: type[Exception], told: str
) -> None:
    views = {"default": {}, "narrow": {"sources": ["hr"]}}
    settings = {**shelf.settings, "datasets": {"odd": definition}, "context_views": views}
    odd = Project(root=shelf.root, embedders=shelf.embedders, settings=settings)
    with pytest.raises(problem, match=told):
        export(odd.open(), "odd")
    left = (shelf.root / "datasets" / "odd").glob("*")
    assert not [path.name for path in left if not path.name.endswith("-refused.parquet")]


def test_an_unknown_dataset_is_told_with_those_there_are(shelf: Project) -> None:
    with pytest.raises(NotFoundError, match="it has: all-for-everyone"):
        export(shelf.open(), "nobody")


def test_splits_are_the_definitions_own(shelf: Project) -> None:
    definition = {
        "type": "qa",
        "source": "hr",
        "splits": {"train": 1, "validation": 0, "test": 0},
        "audience": ["group:hr"],
    }
    settings = {**shelf.settings, "datasets": {"whole": definition}}
    written = export(Project(root=shelf.root, embedders=shelf.embedders, settings=settings).open(), "whole")
    assert written.splits["train"] == len(rows(written))
    assert sorted(p.name for p in Path(written.out).glob("*.jsonl")) == ["train.jsonl"]
