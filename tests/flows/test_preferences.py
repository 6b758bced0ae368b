"""Datasets of what people said of answers: under the very prompt, to the same bytes, never out of date."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from flows.stages.exporting import export
from flows.stages.lineage import lineage_of
from schemas.context import Context
from schemas.dataset import Export
from schemas.errors import ConfigError, RefusedError
from schemas.tools import Embedder
from tests.flows.cli.program import headwater
from tests.flows.exported import contents, uses
from tests.flows.facts import Customers
from tests.flows.library import library
from tests.flows.logs import say, serve
from tests.flows.projects import Project
from tests.transforms.datasets.judgments import START, at, messages

PTO = "How many days of paid time off do I have?"
BAND = "What is the salary band for a level 3 engineer?"
GOOD, BAD = "You have 22 days of paid time off a year [1].", "Ask somebody."
DATASETS: dict[str, dict[str, Any]] = {
    "pairs": {"type": "preference"},
    "pairs-openai": {"type": "preference", "format": "openai"},
    "kept": {"type": "preference", "stale": "keep"},
    "for-hr": {"type": "preference", "audience": ["group:hr"]},
    "liked": {"type": "judged"},
    "of-docs": {"type": "preference", "source": "docs"},
    "until": {"type": "judged", "until": "yesterday"},
}


def shelf_at(root: Path, embedders: dict[str, Embedder]) -> tuple[Project, Context, Context]:
    """Return a library with two questions asked and answered, one of them by somebody of hr."""
    project = library(root, embedders)
    project.settings["datasets"] = DATASETS
    open_to_all = serve(project, PTO, BAD, at=START)
    hr = serve(project, BAND, "No band.", at=at(1), principal={"groups": ["hr"]})
    say(project, [("edit", open_to_all, {"edited": GOOD}), ("edit", hr, {"edited": "See the bands [1]."})])
    return project, open_to_all, hr


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]
) -> tuple[Project, Context, Context]:
    """A library with its logs, which these tests only read."""
    return shelf_at(tmp_path_factory.mktemp("judged"), embedders)


Shelf = tuple[Project, Context, Context]


def rows(written: Export) -> list[dict[str, Any]]:
    paths = sorted(Path(written.out).glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]


def test_a_preferences_prompt_is_byte_for_byte_the_one_that_was_logged(shelf: Shelf) -> None:
    project, served, _ = shelf
    written = export(project.open(), "pairs")
    (row,) = rows(written)
    assert json.dumps(row["prompt"]).encode() == json.dumps(messages(served)).encode()
    assert row["chosen"] == [{"role": "assistant", "content": GOOD}]
    assert row["rejected"] == [{"role": "assistant", "content": BAD}]
    (other,) = rows(export(project.open(), "pairs-openai"))
    assert other["input"]["messages"] == row["prompt"]


def test_its_lineage_has_every_passage_that_was_shown_and_the_interaction(shelf: Shelf) -> None:
    project, served, _ = shelf
    found = uses(export(project.open(), "pairs"))
    texts = {row["document_id"]: row["text"] for row in project.documents("document_id", "text")}
    assert {use["chunk_id"] for use in found} == {c for one in served.citations for c in one.chunk_ids}
    assert {use["context_id"] for use in found} == {served.context_id}
    row = lineage_of(project.open(), found[0]["row_id"])
    assert [one["context_id"] for one in row["contexts"]] == [served.context_id]
    assert "evidence" in {use["role"] for use in found}
    for use in found:
        quote = texts[use["document_id"]][use["start"] : use["end"]]
        assert hashlib.sha256(quote.encode()).hexdigest() == use["quote_hash"]


def test_what_was_shown_to_hr_alone_is_in_no_row_for_everyone(shelf: Shelf) -> None:
    project, served, secret = shelf
    written = export(project.open(), "pairs")
    assert written.refused == {"audience": 1}
    assert secret.citations[0].quote not in json.dumps(rows(written))
    both = export(project.open(), "for-hr")
    assert {use["context_id"] for use in uses(both)} == {served.context_id, secret.context_id}


def test_a_later_word_changes_the_dataset_and_its_pins_give_the_earlier_bytes_again(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project, served, _ = shelf_at(tmp_path / "library", embedders)
    before = export(project.open(), "liked", out=tmp_path / "one")
    assert contents(export(project.open(), "liked", out=tmp_path / "two").out) == contents(before.out)

    say(project, [("dislike", served, {"by": "bob"})])
    after = export(project.open(), "liked", out=tmp_path / "three")
    assert sorted(row["label"] for row in rows(after)) == [False, True]
    project.open()
    again = headwater(
        project.root, "--json", "export", "liked", "--like", before.manifest, "--out", str(tmp_path / "four")
    )
    assert again.code == 0
    assert contents(again.json["out"]) == contents(before.out)


def test_a_pair_whose_passage_changed_since_is_refused_as_stale_or_kept_and_labeled(
    tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project, served, _ = shelf_at(tmp_path / "library", embedders)
    page = project.root / "docs" / "time-off.md"
    project.write("time-off.md", page.read_text("utf-8").replace("22 days", "24 days"))
    assert project.ingest().run.published

    with pytest.raises(RefusedError, match="1 stale"):
        export(project.open(), "pairs")
    kept = export(project.open(), "kept")
    found = uses(kept)
    assert {use["kind"] for use in found} == {"stale_edit"}
    outdated = [use for use in found if use["role"] == "outdated"]
    assert {use["release"] for use in outdated} == {served.release}
    assert any("22 days" in row["prompt"][1]["content"] for row in rows(kept))

    page.unlink()
    assert project.ingest(allow_shrink=True).run.published
    for name in ("pairs", "kept"):
        with pytest.raises(RefusedError, match="1 stale"):
            export(project.open(), name)


def test_definitions_that_cannot_be_meant_are_told(shelf: Shelf) -> None:
    project, _, _ = shelf
    with pytest.raises(ConfigError, match="from whatever source"):
        export(project.open(), "of-docs")
    with pytest.raises(ConfigError, match="no time with a zone"):
        export(project.open(), "until")


def test_a_row_has_the_facts_that_held_when_it_was_asked_and_none_from_its_future(
    customers: Customers,
) -> None:
    project = customers.project
    project.pages(3)
    project.ingest()
    # the planted value: what the customer became an hour after the question was asked
    asked, later = at(0), at(60)
    customers.put((42, at(-60), "silver"), (42, later, "PLANTED-FROM-THE-FUTURE"), (43, later, "gold"))
    customers.ingest()
    project.settings["datasets"] = {
        "joined": {"type": "judged", "format": "labeled", "features": ["customer"]}
    }
    about = {"entities": {"customer_id": "42"}}
    early = serve(project, "What does station 1 measure?", "River 1 [1].", at=asked, **about)
    late = serve(project, "What does station 2 measure?", "River 2 [1].", at=at(61), **about)
    unborn = serve(
        project, "What does station 0 measure?", "River 0 [1].", at=asked, entities={"customer_id": "43"}
    )
    say(project, [("like", one, {"at": at(90)}) for one in (early, late, unborn)])

    written = export(project.open(), "joined")
    assert written.refused == {}
    found = {row["question"]: row for row in rows(written)}
    assert found[early.question]["customer.tier"] == "silver"
    assert found[late.question]["customer.tier"] == "PLANTED-FROM-THE-FUTURE"
    assert found[unborn.question]["customer.tier"] is None
    assert customers.tier("42") == "PLANTED-FROM-THE-FUTURE"  # the newest, which a join by key alone takes
