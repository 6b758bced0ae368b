"""No dataset holds a word that its audience may not read: not now, and not since a right was taken."""

import json
from pathlib import Path

import pytest

from flows.stages.exporting import export
from infra.store.rollback import rollback
from schemas.errors import RefusedError
from schemas.tools import Embedder
from tests.flows.exported import answered, uses
from tests.flows.library import library
from tests.flows.projects import Project


def test_an_export_for_everyone_refuses_what_only_hr_may_read(shelf: Project) -> None:
    with pytest.raises(RefusedError) as refusal:
        export(shelf.open(), "hr-for-everyone")
    assert refusal.value.exit_code == 3
    assert " audience" in refusal.value.detail
    assert not (shelf.root / "datasets" / "hr-for-everyone" / "2").exists()

    code, answer = answered(shelf, "export", "hr-for-everyone")
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
