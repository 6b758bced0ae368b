"""What a definition may ask for, whatever its type: rights, evaluations, people, repeats, caps, splits."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from flows.stages.exporting import export
from schemas.dataset import Export
from schemas.errors import ConfigError, RefusedError
from schemas.tools import Embedder
from tests.flows.projects import Project

TOPICS = ("pump", "gauge", "valve", "sensor", "mast", "cable", "panel", "fuse", "hinge", "float")
PROSE = {"type": "completion", "min_tokens": 1, "max_tokens": 512}
HELD_OUT = "Compose an engaging travel blog post about a recent trip to Hawaii, with cultural experiences."
GENERAL = [{"text": f"General row number {n} speaks of weather."} for n in range(20)]


def page(topic: str, n: int) -> str:
    own = " ".join(f"{topic}{m}" for m in range(30))
    return (
        f"# The {topic}\n\nThe {topic} of station {n} was mounted by Lena Vogt in May; write to "
        f"lena.vogt@lake.example, or call +49 30 901820{n:02}. Its parts are {own}.\n"
    )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """Ten pages of a licensed source, two copies of one of them, a page for two people, and one held out."""
    root = tmp_path_factory.mktemp("settings")
    project = Project(root=root, embedders=embedders)
    project.source("docs", labels={"license": "MIT"})
    for n, topic in enumerate(TOPICS):
        path = project.write(f"{topic}.md", page(topic, n))
        at = datetime(2025, 1 + n, 1, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
    words = " ".join(f"word{n}" for n in range(120))
    project.source("copies", labels={"license": "none"})
    for name in ("one", "two"):
        project.write(f"{name}.md", f"# Copies\n\nThe {name} copy: {words}.\n", source="copies")
    project.write("travel.md", f"# Travel\n\nThey asked: {HELD_OUT}\n", source="copies")
    project.source("closed", acl=["group:lab", "user:lena"])
    project.write("lab.md", "# The lab\n\nThe lab has a secret door behind the shelf.\n", source="closed")
    for source in ("docs", "copies", "closed"):
        assert project.ingest(source).run.published
    (root / "bench").mkdir()
    (root / "bench" / "question.jsonl").write_text(json.dumps({"turns": [HELD_OUT]}) + "\n", "utf-8")
    (root / "general.jsonl").write_text("".join(json.dumps(row) + "\n" for row in GENERAL), "utf-8")
    return project


def made(shelf: Project, out: Path, *, policy: dict[str, Any] | None = None, **settings: Any) -> Export:
    """Return an export of running text with these settings."""
    given = {**shelf.settings, "datasets": {"prose": PROSE | settings}, "policy": policy or {}}
    project = Project(root=shelf.root, embedders=shelf.embedders, settings=given)
    return export(project.open(), "prose", out=out)


def rows(written: Export, split: str = "*") -> list[str]:
    paths = sorted(Path(written.out).glob(f"{split}.jsonl"))
    return [json.loads(line)["text"] for path in paths for line in path.read_text("utf-8").splitlines()]


def manifest(written: Export) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(written.manifest).read_text("utf-8"))
    return found


def refused(written: Export) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(Path(written.out) / "_meta" / "refused.parquet").to_pylist()
    return found


def test_people_are_placeholders_unless_the_policy_says_otherwise(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path / "redact", source="docs")
    text = "\n".join(rows(written))
    assert "lena.vogt" not in text
    assert "Vogt" not in text
    assert "901820" not in text
    mails = Counter(word for word in text.replace(",", " ").split() if word.startswith("<EMAIL_"))
    assert list(mails.values()) == [len(TOPICS)]
    assert manifest(written)["personal"] == {
        "policy": "redact",
        "replaced": {"EMAIL": len(TOPICS), "PERSON": len(TOPICS), "PHONE": len(TOPICS)},
    }
    kept = made(shelf, tmp_path / "keep", source="docs", policy={"pii": {"train": "keep"}})
    assert "lena.vogt@lake.example" in "\n".join(rows(kept))
    allowed = made(shelf, tmp_path / "allow", source="docs", policy={"pii": {"allow": ["*@lake.example"]}})
    assert "lena.vogt@lake.example" in "\n".join(rows(allowed))
    with pytest.raises(RefusedError, match="10 personal"):
        made(shelf, tmp_path / "refuse", source="docs", pii="refuse")


def test_a_refusal_says_which_and_why_and_nothing_that_is_forbidden(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path, decontaminate=["bench"], require={"license": ["MIT", "none"]})
    assert written.refused == {"audience": 1, "contaminated": 1, "near_duplicate": 1}
    why = {row["reason"]: row for row in refused(written)}
    assert "audience" not in why
    assert "audience" not in manifest(written)["refused"]
    assert why["contaminated"]["because"] == "question.jsonl, line 1"
    uses = pq.read_table(Path(written.out) / "_meta" / "lineage.parquet").to_pylist()
    assert why["near_duplicate"]["because"] in {use["row_id"] for use in uses}
    assert HELD_OUT not in "\n".join(rows(written))
    everything = b"".join(path.read_bytes() for path in Path(written.out).rglob("*") if path.is_file())
    assert b"secret door" not in everything
    assert b"group:lab" not in everything


def test_those_who_run_it_are_told_what_each_audience_would_get(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path)
    pages = len(TOPICS) + 3
    assert written.audiences == {"everyone": pages, "group:lab": pages + 1, "user:lena": pages + 1}
    assert made(shelf, tmp_path / "lab", source="closed", audience=["group:lab"]).splits["train"] == 1


def test_our_own_questions_are_kept_out(shelf: Project, tmp_path: Path) -> None:
    golden = {"question": "They asked: compose an engaging travel blog post", "expected": {"document": "x"}}
    (shelf.root / "golden.jsonl").write_text(json.dumps(golden) + "\n", "utf-8")
    written = made(
        shelf, tmp_path, source="copies", policy={"evaluation": {"queries": "golden.jsonl", "min": 0}}
    )
    assert written.refused["contaminated"] == 1
    assert manifest(written)["definition"]["files"].keys() == {"golden.jsonl"}


def test_documents_need_the_labels_that_are_required(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path, require={"license": ["MIT"]})
    assert written.refused["not_labeled"] == 3
    assert sum(written.splits.values()) == len(TOPICS)
    assert manifest(written)["balance"]["label:license"] == {"MIT": len(TOPICS)}


def test_no_source_or_label_has_more_rows_than_its_cap(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path, caps={"source": 4, "labels": {"license": 3}})
    balance = manifest(written)["balance"]
    assert balance["label:license"] == {"MIT": 3, "none": 2}
    assert balance["source"] == {"copies": 2, "docs": 3}
    assert written.refused["over_cap"] == len(TOPICS) - 3
    assert not list(Path(written.out).glob("*.pickle"))


def test_general_rows_are_mixed_in_at_the_end(shelf: Project, tmp_path: Path) -> None:
    replay = {"path": "general.jsonl", "share": 0.5}
    everything = {"train": 1, "validation": 0, "test": 0}
    written = made(shelf, tmp_path / "a", source="docs", replay=replay, splits=everything)
    assert manifest(written)["replayed"] == len(TOPICS)
    assert written.splits["train"] == 2 * len(TOPICS)
    general = {row["text"] for row in GENERAL}
    assert [text in general for text in rows(written)] == [False] * len(TOPICS) + [True] * len(TOPICS)
    assert rows(made(shelf, tmp_path / "b", source="docs", replay=replay, splits=everything)) == rows(written)

    (shelf.root / "chat.jsonl").write_text('{"messages": []}\n', "utf-8")
    with pytest.raises(ConfigError, match=r"chat\.jsonl, line 1: has messages"):
        made(shelf, tmp_path / "c", source="docs", replay={"path": "chat.jsonl"})


def test_by_dates_no_row_that_trains_is_newer_than_one_that_tests(shelf: Project, tmp_path: Path) -> None:
    splits = {"validation_from": "2025-05-01", "test_from": "2025-08-01"}
    written = made(shelf, tmp_path, source="docs", splits=splits)
    assert written.splits == {"train": 4, "validation": 3, "test": 3}
    for split, topics in (("train", TOPICS[:4]), ("validation", TOPICS[4:7]), ("test", TOPICS[7:])):
        assert sorted(text.splitlines()[0] for text in rows(written, split)) == sorted(
            f"# The {topic}" for topic in topics
        )


def test_lengths_are_the_trainers_tokenizers_where_it_is_named(shelf: Project, tmp_path: Path) -> None:
    from tests.flows.tiny_models import tokenizer_of

    embedders = manifest(made(shelf, tmp_path / "a", source="docs"))
    assert "since `tokenizer` names no trainer's" in embedders["tokens"]["tokenizer"]
    tokenizer_of(["a b c d e f"]).save_pretrained(shelf.root / "trainer")
    trainers = manifest(made(shelf, tmp_path / "b", source="docs", tokenizer="trainer"))
    assert trainers["tokens"]["tokenizer"] == "the tokenizer `trainer`"
    assert trainers["tokens"]["total"] > embedders["tokens"]["total"]
    worst = [one["term"] for one in trainers["vocabulary"]["worst"]]
    assert "station" in worst
    assert "trainer/tokenizer.json" not in json.dumps(embedders)
    with pytest.raises(ConfigError, match="no tokenizer in 'nowhere'"):
        made(shelf, tmp_path / "c", source="docs", tokenizer="nowhere")


def test_fewer_rows_than_asked_for_are_refused_with_the_reasons(shelf: Project, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="10 rows left, of which it needs 11") as problem:
        made(shelf, tmp_path, source="docs", min_rows=11)
    assert problem.value.exit_code == 3
    (kept,) = (tmp_path / "prose").iterdir()
    assert str(kept) in problem.value.state
    made(shelf, tmp_path, source="docs", min_rows=10)
    assert not kept.exists()


def test_what_means_the_same_is_refused_where_that_is_asked_for(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path, source="docs", duplicates={"meaning": 0.5}, pii="keep")
    assert written.refused["same_meaning"] > 0
    assert sum(written.splits.values()) + written.refused["same_meaning"] == len(TOPICS)


def test_rows_longer_than_the_embedder_reads_are_compared_by_meaning_too(
    shelf: Project, tmp_path: Path
) -> None:
    long = "".join(f"Line {n} of the plan tells of water and weather.\n" for n in range(400))
    shelf.source("long", acl=["everyone"])
    for name in ("one", "two"):
        shelf.write(f"{name}.md", f"# The plan\n\n{name} is the version.\n{long}", source="long")
    assert shelf.ingest("long").run.published
    written = made(shelf, tmp_path, source="long", duplicates={"near": 1.0, "meaning": 0.9})
    assert written.refused["same_meaning"] > 0


def test_the_folder_has_plots_a_card_and_the_trainers_settings(shelf: Project, tmp_path: Path) -> None:
    written = made(shelf, tmp_path, source="docs")
    folder = Path(written.out)
    assert (folder / "_meta" / "counts.png").read_bytes().startswith(b"\x89PNG")
    card = (folder / "README.md").read_text("utf-8")
    assert "![Counts](_meta/counts.png)" in card
    assert "10 EMAIL, 10 PERSON, 10 PHONE" in card
    told = yaml.safe_load((folder / "_meta" / "llamafactory.yaml").read_text("utf-8"))
    info = json.loads((folder / "dataset_info.json").read_text("utf-8"))
    assert (folder / info[told["dataset"]]["file_name"]).is_file()
    assert (told["stage"], told["finetuning_type"]) == ("pt", "lora")
