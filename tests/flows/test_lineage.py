"""Where a row of a dataset comes from, where a document went, and what has changed since."""

import json
from pathlib import Path

import pytest

from flows.stages.exporting import export
from flows.stages.lineage import lineage_of
from schemas.dataset import Export
from schemas.errors import NotFoundError
from schemas.tools import Embedder
from tests.flows.exported import contents, rows, uses
from tests.flows.library import library
from tests.flows.projects import Project


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
