"""What the engine promises of a run that was broken off or overtaken: the next ends where it would have."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import lancedb
import pyarrow as pa
import pytest

from flows.stages import ingesting, rebuilding
from flows.stages.ingesting import ingest_source
from infra.store.connection import META
from infra.store.rollback import resume, rollback
from infra.store.staging import Staging
from schemas.errors import ConflictError
from tests.flows.breaking import DiedError, dying_at, is_whole
from tests.flows.projects import ROWS, Project, page

T = TypeVar("T")

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TWO = "id,subject,body\n1,Pump,The pump hums.\n2,Gate,The gate creaks.\n"
SILENT = TWO.replace("creaks", "is silent")
"""The same table, one row edited."""
ONE_BAD = SILENT.replace("The pump hums.", "")
"""And one row without a text."""


@pytest.mark.parametrize("stage", ["audit", "publish"])
def test_what_a_broken_off_run_staged_is_taken_up_and_not_paid_for_again(
    project: Project, stage: str
) -> None:
    project.pages(6)
    with pytest.raises(DiedError):
        project.ingest(step=dying_at(stage))
    assert project.release() is None
    project.write("p05.md", page(5, costs=7))

    paid = project.ingest()

    assert (paid.run.state, paid.parses, paid.embeddings) == ("published", 1, 1)
    assert is_whole(project)


def test_what_was_staged_under_another_acl_is_done_again(project: Project) -> None:
    project.pages(3)
    with pytest.raises(DiedError):
        project.ingest(step=dying_at("publish"))
    project.source("docs", acl=["group:hr"])

    paid = project.ingest()

    assert (paid.parses, paid.embeddings) == (3, 0)
    assert project.everywhere("acl") == {("group:hr",)}


def test_a_record_rejected_in_a_broken_off_run_is_not_forgotten(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(3)
    project.write("tickets.csv", TWO)
    project.ingest()
    project.write("tickets.csv", ONE_BAD)
    with pytest.raises(DiedError):
        project.ingest(step=dying_at("audit"))

    paid = project.ingest()

    assert paid.run.reasons == {"empty_after_parse": 1}
    assert project.quarantined() == {"tickets.csv#1": "empty_after_parse"}
    status = {row["record"]: (row["status"], row["text"]) for row in project.documents() if row["record"]}
    assert status == {"1": ("stale", "The pump hums."), "2": ("live", "The gate is silent.")}


def test_a_rebuild_broken_off_between_its_rows_and_their_marker_is_built_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pages(6)
    project.ingest()
    project.chunker(64)
    kept = Staging._add

    def rows_only(self: Staging, name: str, rows: pa.Table) -> None:
        if name.endswith("items"):
            raise DiedError(name)
        kept(self, name, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "_add", rows_only)
        with pytest.raises(DiedError):
            project.ingest(allow_rebuild=True)

    assert project.ingest(allow_rebuild=True).run.state == "published"
    assert is_whole(project)


def test_a_rebuild_broken_off_is_taken_up_unless_the_labels_moved_since(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pages(6)
    project.ingest()
    project.chunker(64)
    with pytest.raises(DiedError):
        project.ingest(step=dying_at("audit"), allow_rebuild=True)
    cut: list[int] = []
    index_all = rebuilding.index_all
    monkeypatch.setattr(rebuilding, "index_all", lambda *a, **k: cut.append(len(a[1])) or index_all(*a, **k))
    with pytest.raises(DiedError):
        project.ingest(step=dying_at("publish"), allow_rebuild=True)
    assert cut == []
    project.source("docs", acl=["group:hr"])

    project.ingest(allow_rebuild=True)

    assert cut == [6]
    assert project.everywhere("acl") == {("group:hr",)}
    assert is_whole(project)


def test_a_chunker_that_was_used_before_can_be_used_again(project: Project) -> None:
    project.pages(6)
    for max_tokens in (128, 64, 128, 64):
        project.chunker(max_tokens)
        project.write("p00.md", page(0, costs=max_tokens))

        paid = project.ingest(allow_rebuild=True)

        assert paid.run.state == "published"
        assert is_whole(project)


def test_a_record_that_goes_bad_while_the_chunker_changes_keeps_its_chunks(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(3)
    project.write("tickets.csv", TWO)
    project.ingest()
    project.write("tickets.csv", ONE_BAD)
    project.chunker(64)

    project.ingest(allow_rebuild=True)

    chunks = {row["quote"]: row["status"] for row in project.chunks() if row["key"] == "tickets.csv"}
    assert chunks == {"The pump hums.": "stale", "The gate is silent.": "live"}
    assert len(project.everywhere("document_id")) == 5


def test_an_index_built_while_another_source_published_is_built_again_on_that(project: Project) -> None:
    project.source("wiki")
    project.pages(4)
    project.pages(2, source="wiki")
    project.ingest()
    project.ingest("wiki")
    before = project.open()

    def overtaken(name: str, stage: Callable[[], T]) -> T:
        if name == "publish":
            project.write("p00.md", page(0, costs=7), source="wiki")
            ingest_source(before, "wiki")
        return stage()

    project.chunker(64)
    with pytest.raises(ConflictError):
        project.ingest(step=overtaken, allow_rebuild=True)

    assert project.ingest(allow_rebuild=True).run.state == "published"
    quotes = {row["quote"] for row in project.chunks() if row["source"] == "wiki"}
    assert any("7 euros" in quote for quote in quotes)
    assert len(project.everywhere("document_id")) == 6


def test_after_a_rollback_the_next_run_brings_pages_and_records_up_to_date_again(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(3)
    project.write("tickets.csv", TWO)
    project.ingest()
    project.write("p00.md", page(0, costs=7))
    project.write("tickets.csv", SILENT)
    project.ingest()
    rollback(project.store, 1, now=NOW)
    resume(project.store, now=NOW)

    paid = project.ingest()

    assert (paid.run.state, paid.run.items.changed, paid.embeddings) == ("published", 2, 0)
    assert is_whole(project)
    assert project.ingest().run.state == "unchanged"


def test_what_was_published_and_not_remembered_is_read_again_even_if_it_looks_as_before(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.source("docs", **ROWS)
    project.pages(3)
    rows = project.write("tickets.csv", TWO)
    before = {path: path.read_bytes() for path in (rows, project.root / "docs/p00.md")}
    project.ingest()
    times = {path: path.stat().st_mtime_ns for path in before}
    project.write("tickets.csv", TWO.replace("creaks", "crawls"))
    project.write("p00.md", page(0, costs=7))
    with monkeypatch.context() as patch:
        patch.setattr(ingesting, "remember_items", lambda *_: (_ for _ in ()).throw(DiedError()))
        with pytest.raises(DiedError):
            project.ingest()
    for path, content in before.items():
        path.write_bytes(content)
        os.utime(path, ns=(times[path], times[path]))

    assert project.ingest().run.state == "published"
    assert is_whole(project)


@pytest.mark.parametrize("name", ["store", "releases", "items", "documents", "staging__docs__items"])
@pytest.mark.parametrize("opened", [False, True])
def test_a_table_whose_making_was_broken_off_is_made_by_the_next_run(
    project: Project, name: str, opened: bool
) -> None:
    project.pages(2)
    if opened:
        assert project.store.secret  # opening it makes it
    rows = project.root / "store" / f"{name}.lance" / "data" / "rows.lance"
    if not rows.parent.parent.exists():  # lancedb writes rows first, and then the version that names them
        rows.parent.mkdir(parents=True)
        rows.write_bytes(b"some")

    assert project.ingest().run.state == "published"
    assert is_whole(project)


def test_a_store_whose_own_table_was_left_empty_is_filled(project: Project) -> None:
    project.pages(2)
    lancedb.connect(project.root / "store").create_table("store", schema=META)

    assert project.ingest().run.state == "published"


def test_two_sources_may_both_be_the_first(project: Project) -> None:
    project.source("wiki")
    project.pages(2)
    project.pages(2, source="wiki")

    def overtaken(name: str, stage: Callable[[], T]) -> T:
        if name == "publish":
            ingest_source(project.open(), "wiki")
        return stage()

    paid = ingest_source(project.open(), "docs", step=overtaken)

    assert (paid.state, paid.release) == ("published", 2)
    assert len(project.documents()) == len(project.chunks()) == 4
