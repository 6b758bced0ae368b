"""Each kind of dataset from one release: whole folders, the same bytes again, readable where needed."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.stages.evaluating import EvaluateOptions, evaluate
from flows.stages.exporting import export
from flows.stages.lineage import lineage_of
from infra.questions import read_questions
from schemas.dataset import Export
from schemas.errors import RefusedError
from schemas.tools import Embedder
from tests.flows.exported import contents, uses
from tests.flows.library import library
from tests.flows.projects import Project

KINDS: dict[str, dict[str, Any]] = {
    "mara": {"type": "style", "source": "chat", "author": "mara"},
    "mara-sharegpt": {"type": "style", "source": "chat", "author": "mara", "format": "sharegpt"},
    "mara-text": {"type": "style", "source": "chat", "author": "mara", "format": "text"},
    "nobody": {"type": "style", "source": "chat", "author": "nobody"},
    "prose": {"type": "completion", "source": "docs", "max_tokens": 512},
    "pairs": {"type": "pairs", "source": "docs", "max_per_document": 3},
    "golden": {"type": "beir", "max_per_document": 1},
    "liked": {"type": "preference"},
}
EMPTY = ("nobody", "liked")
TOPICS = (
    "pump",
    "gauge",
    "valve",
    "sensor",
    "mast",
    "cable",
    "panel",
    "fuse",
    "hinge",
    "float",
    "buoy",
    "weir",
)


def said(topic: str, n: int) -> list[dict[str, Any]]:
    lines = [
        ("kit", f"The {topic} of station {n} makes a noise since Monday."),
        (
            "mara",
            f"> The {topic} of station {n} makes a noise.\nA {topic} that sings is a {topic} that lives.",
        ),
        ("kit", f"And what do I tell the customer about the {topic}?"),
        ("mara", f"Tell them station {n} gets a new {topic} in May. Dry feet."),
        ("kit", f"They say the {topic} has stopped singing."),
    ]
    return [{"thread": topic, "id": f"{topic}-{at}", "author": who, "text": text,
             "at": f"2025-05-{n + 1:02}T10:{at:02}:00Z"} for at, (who, text) in enumerate(lines)]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """A library with a chat, which these tests only read."""
    project = library(tmp_path_factory.mktemp("kinds"), embedders)
    project.source("chat", records="threads")
    chat = [line for n, topic in enumerate(TOPICS) for line in said(topic, n)]
    project.write("chat.jsonl", "".join(json.dumps(line) + "\n" for line in chat), source="chat")
    assert project.ingest("chat").run.published
    project.settings["datasets"] = KINDS
    return project


def rows(written: Export, name: str | None = None) -> list[dict[str, Any]]:
    paths = [Path(written.out) / name] if name else sorted(Path(written.out).glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", [name for name in KINDS if name not in EMPTY])
def test_the_same_release_and_definition_give_the_same_bytes(
    shelf: Project, name: str, tmp_path: Path
) -> None:
    first = export(shelf.open(), name, out=tmp_path / "one")
    again = export(shelf.open(), name, out=tmp_path / "two")
    assert contents(first.out) == contents(again.out)
    manifest = json.loads(Path(first.manifest).read_text("utf-8"))
    assert manifest["files"] == {k: v for k, v in contents(first.out).items() if k != "_meta/manifest.json"}


@pytest.mark.parametrize("name", [name for name in KINDS if name not in EMPTY])
def test_the_lineage_of_every_row_is_in_its_document(shelf: Project, name: str) -> None:
    written = export(shelf.open(), name)
    texts = {row["document_id"]: row["text"] for row in shelf.documents("document_id", "text")}
    used = uses(written)
    assert len({use["row_id"] for use in used}) == sum(written.splits.values())
    for use in used:
        quote = texts[use["document_id"]][use["start"] : use["end"]]
        assert hashlib.sha256(quote.encode()).hexdigest() == use["quote_hash"]
        assert use["acl"] == ["everyone"]
    assert lineage_of(shelf.open(), used[0]["row_id"])["kind"] == "row"


def test_a_thread_is_in_one_split_and_every_reply_is_a_row(shelf: Project) -> None:
    written = export(shelf.open(), "mara")
    assert sum(written.splits.values()) == 2 * len(TOPICS)
    told = json.loads(Path(written.manifest).read_text("utf-8"))["sufficiency"]
    assert (told["verdict"], told["rows"]) == ("too few", written.splits["train"])
    assert len([n for n in written.splits.values() if n]) > 1
    used = uses(written)
    splits: dict[str, set[str]] = {}
    for use in used:
        splits.setdefault(use["document_id"], set()).add(use["split"])
    assert len(splits) == len(TOPICS)
    assert all(len(found) == 1 for found in splits.values())


def test_no_prompt_quotes_or_tells_what_came_later(shelf: Project) -> None:
    for row in rows(export(shelf.open(), "mara")):
        everything = "\n".join(message["content"] for message in row["messages"])
        assert ">" not in everything
        assert "stopped singing" not in everything
        assert row["messages"][-1]["role"] == "assistant"


def test_a_conversation_is_written_in_the_shape_that_is_asked_for(shelf: Project) -> None:
    for row in rows(export(shelf.open(), "mara-sharegpt")):
        assert list(row) == ["conversations", "system"]
        speakers = [turn["from"] for turn in row["conversations"]]
        assert speakers == ["human", "gpt"] * (len(speakers) // 2)
    for row in rows(export(shelf.open(), "mara-text")):
        assert list(row) == ["text"]
        assert row["text"].startswith("System: You are mara.")


def test_an_author_who_answers_nobody_is_refused(shelf: Project) -> None:
    with pytest.raises(RefusedError, match=f"{len(TOPICS)} no_reply") as problem:
        export(shelf.open(), "nobody")

    assert "`records: threads`" in problem.value.fix
    (kept,) = (shelf.root / "datasets" / "nobody").iterdir()
    assert str(kept) in problem.value.state
    assert [row["reason"] for row in pq.read_table(kept).to_pylist()] == ["no_reply"] * len(TOPICS)


def test_before_anybody_was_served_one_is_told_where_preferences_come_from(shelf: Project) -> None:
    with pytest.raises(RefusedError, match="nothing was served yet") as problem:
        export(shelf.open(), "liked")
    assert "/v1/feedback" in (problem.value.fix or "")


def test_running_text_is_what_the_documents_say(shelf: Project) -> None:
    written = export(shelf.open(), "prose")
    made = rows(written)
    assert {tuple(row) for row in made} == {("text",)}
    assert json.loads(Path(written.manifest).read_text("utf-8"))["tokens"]["max"] <= 512
    pages = [row for row in shelf.documents("text", "source", "title") if row["source"] == "docs"]
    for page in pages:
        assert any(row["text"].startswith(f"# {page['title']}\n\n") for row in made)
    words = {word for row in made for word in row["text"].split()}
    assert {word for page in pages for word in page["text"].split()} <= words


def test_pairs_have_their_two_columns_and_no_other(shelf: Project) -> None:
    written = export(shelf.open(), "pairs")
    assert {tuple(row) for row in rows(written)} == {("anchor", "positive")}


def test_what_is_exported_for_evaluation_is_what_evaluation_reads(shelf: Project) -> None:
    written = export(shelf.open(), "golden")
    folder = Path(written.out)
    read = read_questions(folder)
    queries, corpus = rows(written, "queries.jsonl"), rows(written, "corpus.jsonl")
    assert [question.id for question in read.questions] == [query["_id"] for query in queries]
    assert all(question.documents and question.spans for question in read.questions)
    with (folder / "qrels.tsv").open(encoding="utf-8") as file:
        judged = list(csv.reader(file, delimiter="\t"))[1:]
    assert {document for _, document, _ in judged} <= {row["_id"] for row in corpus}
    secret = {row["document_id"] for row in shelf.documents("document_id", "source") if row["source"] == "hr"}
    assert not secret & {row["_id"] for row in corpus}

    found = evaluate(shelf.open(), EvaluateOptions(queries=str(folder))).evaluation
    assert found.queries == len(queries)
    assert found.metrics["recall@10"].value > 0.5


def test_load_dataset_reads_the_queries_and_the_corpus(
    shelf: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="install `datasets` to load what was exported")
    written = export(shelf.open(), "golden")
    for name in ("queries", "corpus"):
        loaded = datasets.load_dataset(written.out, name, cache_dir=str(tmp_path))
        assert loaded[name].num_rows == len(rows(written, f"{name}.jsonl"))
