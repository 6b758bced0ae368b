"""Datasets of two releases: what was not there yet, and answers that changed."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.stages.contexts import context
from flows.stages.exporting import export
from schemas.context import ContextRequest, Principal
from schemas.dataset import Export
from schemas.errors import NotFoundError
from schemas.tools import Embedder
from tests.flows.exported import contents
from tests.flows.library import library
from tests.flows.projects import Project
from transforms.prompt import NOTHING

HR = Principal(groups=("hr",))
DATASETS: dict[str, dict[str, Any]] = {
    "raft": {"type": "raft", "oracle_share": 0.3, "audience": ["group:hr"], "max_per_document": 4},
    "raft-for-everyone": {"type": "raft", "oracle_share": 0, "distractors": 2, "max_per_document": 3},
    "raft-of-hr": {
        "type": "raft", "source": "hr", "audience": ["group:hr"],
        "oracle_share": 0, "causes": ["not_permitted"],
    },
    "revised": {"type": "revisions"},
    "from-the-future": {"type": "revisions", "earlier": 99},
}  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """A library in which one page changed since its first release, and one was not there yet."""
    project = library(tmp_path_factory.mktemp("revised"), embedders)
    page = project.root / "docs" / "time-off.md"
    project.write("time-off.md", page.read_text("utf-8").replace("22 days", "24 days"))
    new = Path(__file__).parents[2] / "infra" / "sample" / "handbook" / "people" / "parental-leave.md"
    project.write("parental-leave.md", new.read_bytes())
    assert project.ingest().run.published
    project.settings["datasets"] = DATASETS
    project.settings["context_views"] = {"default": {"min_score": 0.0}}  # something is shown whoever asks
    return project


def rows(written: Export) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return every row with its lineage."""
    uses = pq.read_table(Path(written.out) / "_meta" / "lineage.parquet").to_pylist()
    return [
        (
            json.loads(line),
            [use for use in uses if (use["split"], use["line"]) == (split, number)],
        )
        for split in written.splits
        for path in [Path(written.out) / f"{split}.jsonl"]
        if path.exists()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
    ]


def served(project: Project, question: str, principal: Principal, release: int) -> list[dict[str, str]]:
    asked = ContextRequest(question=question, principal=principal, release=release)
    return [message.model_dump() for message in context(project.open(), asked).messages]


def test_every_prompt_is_what_its_asker_was_served_at_its_release(shelf: Project) -> None:
    written = export(shelf.open(), "raft")
    earlier = json.loads(Path(written.manifest).read_text("utf-8"))["pins"]["earlier"]
    kinds: dict[str, int] = {}
    for row, uses in rows(written):
        *prompt, answer = row["messages"]
        question, kind = prompt[-1]["content"].rpartition("Question: ")[2], uses[0]["kind"]
        kinds[kind] = kinds.get(kind, 0) + 1
        if kind == "oracle":
            assert prompt == served(shelf, question, HR, written.release)
            assert answer["content"].rstrip().endswith("]")
            continue
        assert answer["content"] == NOTHING
        assert uses[0]["role"] == "asked"
        if kind == "before_its_time":
            assert prompt == served(shelf, question, HR, earlier)
            assert {use["release"] for use in uses[1:]} == {earlier}
    assert {"oracle", "oracle_removed", "before_its_time"} == set(kinds)


def test_no_word_of_what_hr_alone_may_read_is_asked_of_everyone(shelf: Project) -> None:
    written = export(shelf.open(), "raft-for-everyone")
    secret = [row["quote"] for row in shelf.chunks("quote", "source") if row["source"] == "hr"]
    everything = json.dumps([row for row, _ in rows(written)])
    assert not [quote for quote in secret if json.dumps(quote)[1:-1] in everything]
    assert {use["source"] for _, uses in rows(written) for use in uses} == {"docs"}
    assert {use["kind"] for _, uses in rows(written) for use in uses} <= {"oracle_removed", "before_its_time"}


def test_who_may_not_read_the_answer_is_served_without_it_and_the_row_abstains(shelf: Project) -> None:
    written = export(shelf.open(), "raft-of-hr")
    found = rows(written)
    assert found
    for row, (asked, *shown) in found:
        *prompt, answer = row["messages"]
        question = prompt[-1]["content"].rpartition("Question: ")[2]
        assert (asked["kind"], asked["role"], asked["source"]) == ("not_permitted", "asked", "hr")
        assert asked["acl"] == ["group:hr"]
        assert answer["content"] == NOTHING
        assert prompt == served(shelf, question, Principal(), written.release)
        assert prompt != served(shelf, question, HR, written.release)
        assert {use["source"] for use in shown} == {"docs"}
        assert {tuple(use["acl"]) for use in shown} == {("everyone",)}


def test_todays_answer_is_chosen_against_the_earlier_releases(shelf: Project) -> None:
    written = export(shelf.open(), "revised")
    found = rows(written)
    assert found
    for row, uses in found:
        question = row["prompt"][-1]["content"].rpartition("Question: ")[2]
        assert row["prompt"] == served(shelf, question, Principal(), written.release)
        assert "24 days" in row["chosen"][0]["content"]
        assert "22 days" in row["rejected"][0]["content"]
        assert uses[-1]["role"] == "outdated"
        assert uses[-1]["release"] < written.release
    assert written.refused["unchanged"] > 0


@pytest.mark.parametrize("name", ["raft", "revised"])
def test_the_same_releases_and_definition_give_the_same_bytes(
    shelf: Project, name: str, tmp_path: Path
) -> None:
    one, two = (export(shelf.open(), name, out=tmp_path / part) for part in ("one", "two"))
    assert contents(one.out) == contents(two.out)


def test_a_release_that_is_not_earlier_is_refused(shelf: Project) -> None:
    with pytest.raises(NotFoundError, match="99"):
        export(shelf.open(), "from-the-future")
