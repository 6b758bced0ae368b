"""What the engine promises of every run: only the change is paid for, and nothing is lost, shown or hidden wrongly."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.contexts import context
from flows.stages.planning import plan_source
from schemas.context import Context, ContextRequest, Principal
from schemas.document import DOCUMENT
from tests.flows.projects import Project, page, touch

NO_TEXT = b"\xff\xfe\xfa this is no text"
"""Half of a UTF-16 character: no parser reads it."""
LONG = 120
"""Sections of the long document, each about as long as a chunk may be."""


def ask(project: Project, question: str, *groups: str, release: int | None = None) -> Context:
    request = ContextRequest(question=question, principal=Principal(groups=groups), release=release)
    return context(project.open(), request)


def chunk_ids(project: Project) -> set[str]:
    return {row["chunk_id"] for row in project.chunks("chunk_id")}


def values(rows: list[dict[str, Any]], column: str) -> set[Any]:
    return {tuple(v) if isinstance(v := row[column], list) else v for row in rows}


# Only the change is paid for


def test_a_first_run_publishes_every_document_and_its_chunks(project: Project) -> None:
    project.pages(12)

    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.parses, paid.embeddings) == ("published", 1, 12, 12)
    assert [row["key"] for row in project.documents("key")] == [f"p{n:02}.md" for n in range(12)]
    assert [row["quote"].count("river") for row in project.chunks("quote")] == [1] * 12
    release = project.release()
    assert release is not None
    assert release.counts == {"chunks__default": 12, "documents": 12}


def test_a_first_run_of_an_empty_source_publishes_an_empty_release(project: Project) -> None:
    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.run.items.listed) == ("published", 1, 0)
    assert not ask(project, "What does a sensor cost?").answerable


def test_no_change_costs_no_parse_no_embedding_no_version_and_one_row_in_runs(project: Project) -> None:
    project.pages(12)
    project.write("bad.txt", NO_TEXT)
    project.ingest()
    versions, runs = project.versions(), project.store.scan("runs").num_rows

    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.parses, paid.embeddings) == ("unchanged", 1, 0, 0)
    assert project.versions() == versions
    assert project.store.scan("runs").num_rows == runs + 1


def test_a_touched_file_costs_no_release(project: Project) -> None:
    project.pages(4)
    bad = project.write("bad.txt", NO_TEXT)
    project.ingest()
    touch(project.root / "docs/p00.md")
    touch(bad)
    versions = project.versions()

    first, second = project.ingest(), project.ingest()

    assert (first.run.state, first.parses) == (second.run.state, second.parses) == ("unchanged", 0)
    assert (first.run.items.unchanged, first.run.items.quarantined) == (4, 1)
    assert project.versions() == versions


def long_document(**edits: str) -> str:
    sections = [
        f"## Section {n}\n\n"
        + " ".join(f"Rule {n}.{m} says that gate {n * m} opens at {n + m} o'clock." for m in range(12))
        for n in range(LONG // 2)
    ]
    prose = " ".join(f"On day {n} the water stood {n * 7 % 31} inches high at dam {n % 13}." for n in range(LONG * 8))
    text = "# The long one\n\n" + "\n\n".join(sections) + "\n\n## Diary\n\n" + prose + "\n"
    for old, new in edits.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("sentence", "edited"),
    [
        ("Rule 0.3 says that gate 0 opens at 3 o'clock.", "Rule 0.3 was withdrawn last summer."),
        ("Rule 40.5 says that gate 200 opens at 45 o'clock.", "Gate 200 stays shut."),
        ("On day 7 the water stood 18 inches high at dam 7.", "On day 7 nobody looked, for it rained so hard."),
        ("On day 500 the water stood 28 inches high at dam 6.", ""),
    ],
)
def test_an_edited_sentence_in_a_long_document_costs_at_most_three_embeddings(
    project: Project, sentence: str, edited: str
) -> None:
    project.write("long.md", long_document())
    assert project.ingest().embeddings >= 60
    before = chunk_ids(project)

    project.write("long.md", long_document(**{sentence: edited}))
    paid = project.ingest()

    assert paid.run.items.changed == 1
    assert 1 <= paid.embeddings <= 3
    assert len(chunk_ids(project) - before) <= 3


def test_a_renamed_file_costs_no_embedding_and_leaves_nothing_under_its_old_name(project: Project) -> None:
    project.pages(4)
    project.write("notes.txt", "Notes without a heading.\n\nThey have no title but their name.")
    project.ingest()
    for old, new in (("p01.md", "moved/p01.md"), ("notes.txt", "moved/thoughts.txt")):
        target = project.root / "docs" / new
        target.parent.mkdir(exist_ok=True)
        (project.root / "docs" / old).rename(target)

    paid = project.ingest()

    assert (paid.run.items.added, paid.run.items.removed, paid.embeddings) == (2, 2, 0)
    keys = {"p00.md", "p02.md", "p03.md", "moved/p01.md", "moved/thoughts.txt"}
    assert values(project.documents("key"), "key") == values(project.chunks("key"), "key") == keys


def test_a_text_that_was_there_before_is_not_embedded_again(project: Project) -> None:
    project.pages(4)
    project.ingest()
    project.write("p01.md", page(1, costs=7))
    assert project.ingest().embeddings == 1

    project.write("p01.md", page(1))

    assert project.ingest().embeddings == 0


def test_one_edited_row_of_a_csv_touches_one_document(project: Project) -> None:
    project.source("docs", records="rows", record_key="id", title="subject", text=["body"])
    project.write("tickets.csv", tickets())
    project.ingest()
    before = {row["record"]: row for row in project.documents()}

    project.write("tickets.csv", tickets({5: "The pump is silent now."}))
    paid = project.ingest()

    after = {row["record"]: row for row in project.documents()}
    assert paid.embeddings == 1
    assert [record for record in after if after[record]["text"] != before[record]["text"]] == ["5"]
    assert (paid.run.documents["updated"], paid.run.chunks.added + paid.run.chunks.updated) == (1, 1)


def tickets(edits: dict[int, str] | None = None, *, count: int = 20) -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["id", "subject", "body"])
    for n in range(count):
        rows.writerow([n, f"Pump {n}", (edits or {}).get(n, f"Pump {n} hums at {100 + n} hertz.")])
    return out.getvalue()


# Deletes, shrinks and refusals


def test_a_deleted_file_is_gone_from_documents_and_chunks_and_from_what_is_remembered(project: Project) -> None:
    project.pages(6)
    project.write("bad.txt", NO_TEXT)
    project.ingest()
    for name in ("p02.md", "bad.txt"):
        (project.root / "docs" / name).unlink()

    paid = project.ingest()

    assert (paid.run.items.listed, paid.run.items.removed, paid.run.items.quarantined) == (5, 1, 0)
    for rows in (project.documents("key"), project.chunks("key"), project.store.scan("items").to_pylist()):
        assert values(rows, "key") == {"p00.md", "p01.md", "p03.md", "p04.md", "p05.md"}
    assert "Station 2" not in ask(project, "What does the sensor of station 2 cost?").messages[-1].content


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
    project.open()
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
    assert project.documents() == []


def test_too_many_rejected_items_refuse_the_release_and_the_last_one_goes_on_serving(project: Project) -> None:
    project.pages(8)
    project.ingest()
    for n in range(4):
        project.write(f"bad{n}.txt", NO_TEXT)
    project.write("p00.md", page(0, costs=7))
    versions = project.versions()

    refused = project.ingest()

    assert (refused.run.state, refused.run.release, refused.run.items.quarantined) == ("refused", 1, 4)
    assert "4 bad_encoding" in (refused.run.refused or {})["detail"]
    assert project.versions() == versions
    assert "0 euros" in ask(project, "What does the sensor of station 0 cost?").messages[-1].content
    assert project.quarantined() == {f"bad{n}.txt": "bad_encoding" for n in range(4)}

    (project.root / "docs/bad0.txt").unlink()
    mended = project.ingest()

    assert (mended.run.state, mended.embeddings) == ("published", 0)
    assert "7 euros" in ask(project, "What does the sensor of station 0 cost?").messages[-1].content


# Who may read


def test_an_acl_change_alone_costs_nothing_and_is_in_force_everywhere_even_on_a_stale_document(
    project: Project,
) -> None:
    project.pages(4)
    project.write("old.txt", "The old rule is that ferries go at noon.")
    project.ingest()
    project.write("old.txt", NO_TEXT)
    project.ingest()
    project.source("docs", acl=["group:hr"], owner="ann@acme.test", labels={"license": "internal"})

    paid = project.ingest()

    assert (paid.run.state, paid.parses, paid.embeddings) == ("published", 0, 0)
    assert (paid.run.items.changed, paid.run.items.quarantined) == (4, 1)
    assert values(project.documents("acl"), "acl") == values(project.chunks("acl"), "acl") == {("group:hr",)}
    labels = [{"name": "license", "value": "internal"}, {"name": "owner", "value": "ann@acme.test"}]
    assert all(row["labels"] == labels for row in [*project.documents(), *project.chunks()])
    assert not ask(project, "When do ferries go?").answerable
    assert ask(project, "When do ferries go?", "hr").answerable
    assert not ask(project, "When do ferries go?", release=1).answerable


# What no longer parses


def test_a_document_that_stops_parsing_stays_in_its_last_good_version_marked_stale(project: Project) -> None:
    project.pages(3)
    project.write("ferry.txt", "The ferry goes at noon.")
    project.ingest()
    good = [row for row in project.documents() if row["key"] == "ferry.txt"]

    project.write("ferry.txt", NO_TEXT)
    paid = project.ingest()

    assert (paid.run.items.quarantined, paid.run.documents["stale"], paid.embeddings) == (1, 1, 0)
    kept = [row for row in project.documents() if row["key"] == "ferry.txt"]
    assert kept == [row | {"status": "stale"} for row in good]
    stale = [row["status"] == "stale" for row in project.chunks() if row["key"] == "ferry.txt"]
    assert stale == [True]
    cited = [c.stale for c in ask(project, "When does the ferry go?").citations if "ferry" in c.quote]
    assert cited == [True]
    assert project.ingest().run.state == "unchanged"

    project.write("ferry.txt", "The ferry goes at one.")
    recovered = project.ingest()

    assert (recovered.run.items.changed, recovered.run.items.quarantined) == (1, 0)
    assert values(project.documents("status"), "status") == values(project.chunks("status"), "status") == {"live"}
    cited = [c.stale for c in ask(project, "When does the ferry go?").citations if "ferry" in c.quote]
    assert cited == [False]


def test_a_stale_document_whose_old_bytes_come_back_is_live_again_for_nothing(project: Project) -> None:
    project.pages(3)
    project.ingest()
    project.write("p00.md", NO_TEXT)
    project.ingest()

    project.write("p00.md", page(0))
    paid = project.ingest()

    assert (paid.run.state, paid.run.items.changed, paid.embeddings) == ("published", 1, 0)
    assert values(project.documents("status"), "status") == values(project.chunks("status"), "status") == {"live"}


def test_under_the_policy_remove_what_stops_parsing_is_no_longer_served(project: Project) -> None:
    project.settings["policy"] = {"on_reject": "remove"}
    project.pages(3)
    project.ingest()

    project.write("p00.md", NO_TEXT)
    paid = project.ingest()

    assert (paid.run.items.quarantined, paid.run.items.removed) == (1, 1)
    assert values(project.documents("key"), "key") == values(project.chunks("key"), "key") == {"p01.md", "p02.md"}
    assert project.ingest().run.items.removed == 0


def test_a_record_that_goes_bad_keeps_its_document_stale_and_its_neighbors_move_on(project: Project) -> None:
    project.source("docs", records="rows", record_key="id", title="subject", text=["body"])
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

    assert values(project.documents("status"), "status") == values(project.chunks("status"), "status") == {"live"}


# Another chunker, another source


def test_a_changed_chunker_is_refused_without_leave_and_then_built_beside_the_live_table(project: Project) -> None:
    project.pages(6)
    project.write("long.md", "# Long\n\n" + " ".join(f"Gate {n} opens at {n % 24} o'clock." for n in range(60)))
    project.ingest()
    first = project.release()
    assert first is not None
    long_chunks = len(project.chunks()) - 6
    project.settings["indexes"] = {"default": {"chunker": {"type": "headings", "max_tokens": 64}}}
    versions = project.versions()

    refused = project.ingest()

    assert refused.run.refused is not None
    assert "all 7 documents would be cut and embedded again" in refused.run.refused["detail"]
    assert project.versions() == versions

    paid = project.ingest(allow_rebuild=True)

    second = project.release()
    assert second is not None
    assert (second.release, paid.parses) == (2, 0)
    assert set(first.tables) & set(second.tables) == {"documents"}
    shorter = len(project.chunks()) - 6
    assert shorter > long_chunks
    assert paid.embeddings == shorter  # the pages are cut as before, and their texts were embedded before
    assert len(project.chunks(release=first)) == long_chunks + 6
    assert ask(project, "What does the sensor of station 3 cost?", release=1).answerable
    assert project.ingest().run.state == "unchanged"


def test_a_run_of_one_source_leaves_the_rows_of_another_alone(project: Project) -> None:
    project.source("wiki", acl=["group:hr"])
    project.pages(4)
    project.write("same.md", page(77))
    project.write("same.md", page(77), source="wiki")
    project.ingest()
    both = project.ingest("wiki")
    assert both.embeddings == 0
    of_docs = [row for row in [*project.documents(), *project.chunks()] if row["source"] == "docs"]

    project.write("same.md", page(78), source="wiki")
    project.write("p00.md", page(0, costs=7))
    paid = project.ingest("wiki")

    assert (paid.run.items.listed, paid.run.items.changed) == (1, 1)
    assert [row for row in [*project.documents(), *project.chunks()] if row["source"] == "docs"] == of_docs
    (project.root / "wiki/same.md").unlink()
    project.ingest("wiki", allow_shrink=True)
    assert [*project.documents(), *project.chunks()] == of_docs


# Plan and time travel


def test_a_plan_says_what_ingest_then_does_and_writes_nothing(project: Project) -> None:
    project.source("docs", records="rows", record_key="id", text=["body"])
    project.pages(6)
    project.write("tickets.csv", tickets(count=5))
    project.write("bad.txt", NO_TEXT)

    def planned_is_done(**options: bool) -> None:
        before = everything_under(project)
        plan = plan_source(project.open(), "docs")
        assert everything_under(project) == before
        paid = project.ingest(**options)
        assert plan.exact
        assert plan.items == vars_of(paid.run.items)
        assert (plan.parsed, plan.texts_to_embed) == (paid.parses, paid.embeddings)
        assert plan.chunks == paid.run.embedded + paid.run.from_cache

    planned_is_done()
    planned_is_done()
    project.write("p00.md", page(0, costs=7))
    project.write("p01.md", NO_TEXT)
    project.write("tickets.csv", tickets({1: "", 2: "Pump 2 was sold."}, count=5))
    (project.root / "docs/p02.md").rename(project.root / "docs/q02.md")
    (project.root / "docs/p03.md").unlink()
    planned_is_done()
    project.settings["indexes"] = {"default": {"chunker": {"type": "headings", "max_tokens": 100}}}
    project.write("p04.md", page(4, costs=7))
    (project.root / "docs/p05.md").unlink()
    planned_is_done(allow_rebuild=True)


def everything_under(project: Project) -> dict[str, int]:
    files = [path for path in project.root.rglob("*") if path.name != "headwater.yaml"]
    return {str(path): path.stat().st_mtime_ns for path in files}


def vars_of(items: Any) -> dict[str, int]:
    return {name: getattr(items, name) for name in items.__dataclass_fields__}


def test_a_context_as_of_an_older_release_is_what_it_was(project: Project) -> None:
    project.pages(4)
    project.ingest()
    question = "What does the sensor of station 1 cost?"
    then = ask(project, question)
    first = project.release()
    assert first is not None

    project.write("p01.md", page(1, costs=777))
    project.write("p09.md", page(9))
    project.ingest()

    again, now = ask(project, question, release=1), ask(project, question)
    assert (again.digest, again.messages) == (then.digest, then.messages)
    assert "777 euros" in now.messages[-1].content
    assert "777 euros" not in again.messages[-1].content
    made = context(project.open(), ContextRequest(question=question, as_of=first.created_at))
    assert (made.release, made.digest) == (1, then.digest)


def test_going_back_in_time_does_not_bring_a_deleted_document_back(project: Project) -> None:
    project.pages(4)
    project.ingest()
    (project.root / "docs/p01.md").unlink()
    project.ingest()

    assert "Station 1 " not in ask(project, "What does the sensor of station 1 cost?", release=1).messages[-1].content


def test_every_row_has_the_columns_its_schema_names(project: Project) -> None:
    project.pages(1)
    project.ingest()

    assert project.store.open("documents").schema.names == DOCUMENT.names
