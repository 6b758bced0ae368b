"""What the engine promises when things go away or go bad: deletes, shrunken sources, rejects, rights."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.quarantining import in_quarantine
from tests.flows.projects import NO_TEXT, ROWS, Project, page, tickets

FERRY = "When does the ferry go?"


def test_a_deleted_file_is_gone_from_every_table_and_from_what_is_remembered(project: Project) -> None:
    project.pages(6)
    project.write("bad.txt", NO_TEXT)
    project.ingest()
    for name in ("p02.md", "bad.txt"):
        (project.root / "docs" / name).unlink()

    paid = project.ingest()

    assert (paid.run.items.listed, paid.run.items.removed, paid.run.items.quarantined) == (5, 1, 0)
    left = {"p00.md", "p01.md", "p03.md", "p04.md", "p05.md"}
    assert project.everywhere("key") == left
    assert set(project.store.scan("items")["key"].to_pylist()) == left
    assert "Station 2" not in project.ask("What does the sensor of station 2 cost?").messages[-1].content


def test_a_source_that_shrank_is_refused_until_a_person_believes_it(project: Project) -> None:
    project.pages(12)
    project.ingest()
    for n in range(5):
        (project.root / f"docs/p{n:02}.md").unlink()
    versions = project.versions()

    refused = project.ingest()

    assert refused.run.refused is not None
    assert refused.run.refused["code"] == "refused"
    assert "5 of 12 would be removed" in refused.run.refused["detail"]
    assert (project.versions(), len(project.live("docs"))) == (versions, 12)
    answer = CliRunner().invoke(app, ["--project", str(project.root / "headwater.yaml"), "--json", "ingest"])
    assert answer.exit_code == 3

    believed = project.ingest(allow_shrink=True)

    assert (believed.run.state, believed.run.items.removed) == ("published", 5)
    assert len(project.live("docs")) == 7


def test_a_source_that_lists_nothing_at_all_is_refused_however_small(project: Project) -> None:
    project.pages(1)
    project.ingest()
    (project.root / "docs/p00.md").unlink()

    assert project.ingest().run.state == "refused"
    assert project.ingest(allow_shrink=True).run.state == "published"
    assert project.everywhere("key") == set()


def test_a_listing_that_may_lack_items_deletes_nothing(project: Project) -> None:
    project.pages(6)
    project.ingest()
    project.settings["sources"]["docs"]["type"] = "tests.flows.half_source:open_half"
    project.write("p05.md", page(5, costs=7))

    paid = project.ingest()

    assert (paid.run.items.listed, paid.run.items.changed, paid.run.items.removed) == (3, 1, 0)
    assert len(project.everywhere("key")) == 6


@pytest.mark.parametrize("full", [False, True])
def test_the_quarantine_shows_what_is_in_it_now(project: Project, full: bool) -> None:
    project.source("docs", **ROWS)
    project.pages(2)
    project.write("tickets.csv", tickets({2: ""}))
    mended, gone = project.write("mended.txt", NO_TEXT), project.write("gone.txt", NO_TEXT)

    def shown() -> set[tuple[str, str | None]]:
        return {(row["key"], row["record"]) for row in in_quarantine(project.open(), "docs")}

    project.ingest()
    assert shown() == {("tickets.csv", "2"), ("mended.txt", None), ("gone.txt", None)}

    mended.write_text("Now it can be read.")
    gone.unlink()
    project.ingest(full=full)
    assert shown() == {("tickets.csv", "2")}

    for n in range(4):
        project.write(f"bad{n}.txt", NO_TEXT)
    project.write("tickets.csv", tickets())
    assert project.ingest(full=full).run.state == "refused"
    assert shown() == {("tickets.csv", "2"), *((f"bad{n}.txt", None) for n in range(4))}


def test_too_many_rejected_items_refuse_the_release_and_the_last_one_goes_on_serving(
    project: Project,
) -> None:
    project.pages(8)
    project.ingest()
    for n in range(4):
        project.write(f"bad{n}.txt", NO_TEXT)
    project.write("p00.md", page(0, costs=7))
    versions, question = project.versions(), "What does the sensor of station 0 cost?"

    refused = project.ingest()

    assert (refused.run.state, refused.run.release, refused.run.items.quarantined) == ("refused", 1, 4)
    assert "4 bad_encoding" in (refused.run.refused or {})["detail"]
    assert project.versions() == versions
    assert "0 euros" in project.ask(question).messages[-1].content
    assert project.quarantined() == {f"bad{n}.txt": "bad_encoding" for n in range(4)}

    (project.root / "docs/bad0.txt").unlink()
    mended = project.ingest()

    assert (mended.run.state, mended.embeddings) == ("published", 0)
    assert "7 euros" in project.ask(question).messages[-1].content


def test_an_acl_change_alone_costs_nothing_and_is_in_force_everywhere_even_on_a_stale_document(
    project: Project,
) -> None:
    project.pages(4)
    project.write("ferry.txt", "The ferry goes at noon.")
    project.ingest()
    project.write("ferry.txt", NO_TEXT)
    project.ingest()
    project.source("docs", acl=["group:hr"], owner="ann@acme.test", labels={"license": "internal"})

    paid = project.ingest()

    assert (paid.run.state, paid.parses, paid.embeddings) == ("published", 0, 0)
    assert (paid.run.items.changed, paid.run.items.quarantined) == (4, 1)
    assert project.everywhere("acl") == {("group:hr",)}
    labels = [{"name": "license", "value": "internal"}, {"name": "owner", "value": "ann@acme.test"}]
    assert all(row["labels"] == labels for row in [*project.documents(), *project.chunks()])
    assert not project.ask(FERRY).answerable
    assert project.ask(FERRY, "hr").answerable
    assert not project.ask(FERRY, release=1).answerable


def test_a_document_that_stops_parsing_stays_in_its_last_good_version_marked_stale(project: Project) -> None:
    project.pages(3)
    project.write("ferry.txt", "The ferry goes at noon.")
    project.ingest()
    good = [row for row in project.documents() if row["key"] == "ferry.txt"]

    def ferry_is_cited_as_stale() -> list[bool]:
        return [one.stale for one in project.ask(FERRY).citations if "ferry" in one.quote]

    project.write("ferry.txt", NO_TEXT)
    paid = project.ingest()

    assert (paid.run.items.quarantined, paid.run.documents["stale"], paid.embeddings) == (1, 1, 0)
    kept = [row for row in project.documents() if row["key"] == "ferry.txt"]
    assert kept == [row | {"status": "stale"} for row in good]
    assert [row["status"] for row in project.chunks() if row["key"] == "ferry.txt"] == ["stale"]
    assert ferry_is_cited_as_stale() == [True]
    assert project.ingest().run.state == "unchanged"

    project.write("ferry.txt", "The ferry goes at one.")
    recovered = project.ingest()

    assert (recovered.run.items.changed, recovered.run.items.quarantined) == (1, 0)
    assert project.everywhere("status") == {"live"}
    assert ferry_is_cited_as_stale() == [False]


def test_a_stale_document_whose_old_bytes_come_back_is_live_again_for_nothing(project: Project) -> None:
    project.pages(3)
    project.ingest()
    project.write("p00.md", NO_TEXT)
    project.ingest()

    project.write("p00.md", page(0))
    paid = project.ingest()

    assert (paid.run.state, paid.run.items.changed, paid.embeddings) == ("published", 1, 0)
    assert project.everywhere("status") == {"live"}


def test_under_the_policy_remove_what_stops_parsing_is_no_longer_served(project: Project) -> None:
    project.settings["policy"] = {"on_reject": "remove"}
    project.pages(3)
    project.ingest()

    project.write("p00.md", NO_TEXT)
    paid = project.ingest()

    assert (paid.run.items.quarantined, paid.run.items.removed) == (1, 1)
    assert project.everywhere("key") == {"p01.md", "p02.md"}
    assert project.ingest().run.items.removed == 0


def test_a_record_that_goes_bad_keeps_its_document_stale_and_its_neighbors_move_on(project: Project) -> None:
    project.source("docs", **ROWS)
    project.write("tickets.csv", tickets())
    project.ingest()

    project.write("tickets.csv", tickets({5: "", 6: "Pump 6 was sold."}))
    paid = project.ingest()

    assert (paid.run.items.changed, paid.run.reasons) == (1, {"empty_after_parse": 1})
    rows = {row["record"]: row for row in project.documents()}
    assert len(rows) == 20
    assert {record for record, row in rows.items() if row["status"] == "stale"} == {"5"}
    assert (rows["5"]["text"], rows["6"]["text"]) == ("Pump 5 hums at 105 hertz.", "Pump 6 was sold.")
    assert project.ingest().run.state == "unchanged"

    project.write("tickets.csv", tickets({5: "Pump 5 is back."}))
    project.ingest()

    assert project.everywhere("status") == {"live"}
