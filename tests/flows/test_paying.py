"""What a changed setting or stage costs: the embedder, its runtime, a parser, a label; and who allows it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.stages import rebuilding
from infra.embedders import EmbedderParams, load
from infra.store.rollback import resume, rollback
from tests.flows.breaking import DiedError, is_whole
from tests.flows.projects import NO_TEXT, ROWS, Project, page, tickets, touch
from transforms import parsers

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MARKDOWN = "text/markdown"
QUESTION = "What does the sensor of station 1 cost?"


def embedder_with(project: Project, **params: str) -> None:
    """Another embedder of the same weights: what goes before each text makes other vectors."""
    project.settings["indexes"] = {"default": {"embedder": params}}


@pytest.fixture
def bumped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the code that reads Markdown were another from now on."""
    where, version = parsers.PARSERS[MARKDOWN]
    monkeypatch.setattr(parsers, "PARSERS", {**parsers.PARSERS, MARKDOWN: (where, version + 1)})


def test_a_label_change_alone_costs_nothing_and_is_in_force_with_the_next_release(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(4)
    project.write("tickets.csv", tickets(count=5))
    project.ingest()
    project.source("docs", labels={"license": "internal"})

    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.parses, paid.embeddings) == ("published", 2, 0, 0)
    rows = [*project.documents(), *project.chunks()]
    assert all({"name": "license", "value": "internal"} in row["labels"] for row in rows)
    assert is_whole(project)
    assert project.ingest().run.state == "unchanged"


def test_a_deleted_file_that_comes_back_under_any_name_costs_no_embedding(project: Project) -> None:
    project.pages(4)
    project.ingest()
    (project.root / "docs/p01.md").unlink()
    project.ingest()

    project.write("p01.md", page(1))
    project.write("again.md", page(1))
    paid = project.ingest()

    assert (paid.run.items.added, paid.parses, paid.embeddings) == (2, 2, 0)
    assert is_whole(project)


def test_another_runtime_of_the_same_embedder_costs_no_embedding(project: Project, model_cache: Path) -> None:
    project.pages(6)
    project.ingest()
    first = {embedder.runtime for embedder in project.embedders.values()}
    other = "torch-fp32" if "openvino-f32" in first else "openvino-f32"
    embedder = load(EmbedderParams(token_signs=True), cache_dir=model_cache, runtime=other)
    assert embedder.fingerprint in project.embedders
    project.embedders = {embedder.fingerprint: embedder}
    versions = project.versions()

    idle = project.ingest()

    assert (idle.run.state, idle.parses, idle.embeddings) == ("unchanged", 0, 0)
    assert project.versions() == versions
    project.write("p01.md", page(1, costs=7))
    assert project.ingest().embeddings == 1
    assert {row["runtime"] for row in project.chunks()} - {other} < first | {other}
    project.chunker(64)
    rebuilt_again = project.ingest(allow_rebuild=True)
    assert (rebuilt_again.run.state, rebuilt_again.embeddings) == ("published", 0)
    assert is_whole(project)


def test_a_changed_embedder_builds_an_index_beside_the_live_one_flipped_by_one_publish_and_one_rollback(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pages(7)
    project.ingest()
    first, then, versions = project.release(), project.ask(QUESTION), project.versions()
    assert first is not None
    embedder_with(project, document_prompt="passage: ")
    assert project.ingest().run.state == "refused"

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "BATCH_ITEMS", 2)
        patch.setattr(rebuilding, "index_all", dying_at_third(rebuilding.index_all))
        before = project._embedded()
        with pytest.raises(DiedError):
            project.ingest(allow_rebuild=True)
        assert project._embedded() - before == 4
    assert (project.versions(), project.release()) == (versions, first)
    assert project.ask(QUESTION).digest == then.digest

    paid = project.ingest(allow_rebuild=True)

    second = project.release()
    assert second is not None
    assert (second.release, paid.parses, paid.embeddings) == (2, 0, 3)
    assert first.tables.keys() & second.tables.keys() == {"documents"}
    assert first.indexes["default"]["embedder_fp"] != second.indexes["default"]["embedder_fp"]
    assert project.ask(QUESTION, release=1).digest == then.digest
    assert is_whole(project)

    back = rollback(project.store, 1, now=NOW)
    assert (back.indexes, back.counts) == (first.indexes, first.counts)
    assert [one.quote for one in project.ask(QUESTION).citations] == [one.quote for one in then.citations]
    resume(project.store, now=NOW)
    again = project.ingest(allow_rebuild=True)
    assert (again.run.state, again.parses, again.embeddings) == ("published", 0, 0)
    assert is_whole(project)


def dying_at_third(index_all: Any) -> Any:
    calls = [0]

    def dying(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise DiedError
        return index_all(*given, **named)

    return dying


def test_a_bumped_parser_lets_no_scheduled_run_redo_the_corpus_until_a_person_allows_it(
    project: Project, request: pytest.FixtureRequest
) -> None:
    project.pages(6)
    project.write("notes.txt", "Read by another parser.")
    project.ingest()
    request.getfixturevalue("bumped")
    project.write("p00.md", page(0, costs=7))
    versions = project.versions()

    refused = project.ingest()

    assert (refused.run.state, refused.parses, refused.embeddings) == ("refused", 0, 0)
    problem = refused.run.refused or {}
    assert "5 of 7 items of source 'docs' would be parsed again" in problem["detail"]
    assert "--allow-rebuild" in problem["fix"]
    assert project.versions() == versions
    assert "10 euros" in project.ask(QUESTION).messages[-1].content

    paid = project.ingest(allow_rebuild=True)

    assert (paid.run.state, paid.parses, paid.embeddings) == ("published", 6, 1)
    assert is_whole(project)
    assert project.ingest().run.state == "unchanged"


def test_a_setting_that_touches_a_small_share_is_carried_out_by_a_scheduled_run(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(6)
    project.write("tickets.csv", tickets(count=3))
    project.ingest()
    project.source("docs", title=None)

    paid = project.ingest()

    assert (paid.run.state, paid.parses, paid.embeddings) == ("published", 1, 3)
    assert is_whole(project)


def test_a_bumped_parser_is_refused_after_a_fresh_checkout_too(
    project: Project, request: pytest.FixtureRequest
) -> None:
    project.pages(6)
    project.ingest()
    request.getfixturevalue("bumped")
    for path in (project.root / "docs").iterdir():
        touch(path)

    refused = project.ingest()

    assert (refused.run.state, refused.parses) == ("refused", 0)


@pytest.mark.parametrize("on_reject", ["keep", "remove"])
def test_a_document_that_stopped_parsing_is_not_live_again_because_of_a_rollback(
    project: Project, on_reject: str
) -> None:
    project.settings["policy"] = {"on_reject": on_reject}
    project.pages(3)
    project.ingest()
    project.write("p00.md", NO_TEXT)
    project.ingest()
    rollback(project.store, 1, now=NOW)
    resume(project.store, now=NOW)

    project.ingest()

    found = {row["key"]: row["status"] for row in project.documents()}
    kept = {"p00.md": "stale"} if on_reject == "keep" else {}
    assert found == {"p01.md": "live", "p02.md": "live"} | kept
