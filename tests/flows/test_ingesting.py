"""What the engine promises of every run: only the change is paid for, and the plan says how much that is."""

from __future__ import annotations

from dataclasses import asdict

from flows.stages.contexts import context
from flows.stages.planning import plan_source
from schemas.context import ContextRequest
from schemas.document import DOCUMENT
from tests.flows.projects import NO_TEXT, ROWS, Project, page, tickets, touch

SECTIONS, DAYS = 60, 960
"""Of the long document: sections about as long as a chunk, and days in a diary without a break."""
QUESTION = "What does the sensor of station 1 cost?"


def test_a_first_run_publishes_every_document_and_its_chunks(project: Project) -> None:
    project.pages(12)

    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.parses, paid.embeddings) == ("published", 1, 12, 12)
    assert [row["key"] for row in project.documents("key")] == [f"p{n:02}.md" for n in range(12)]
    assert [row["quote"].count("river") for row in project.chunks("quote")] == [1] * 12
    release = project.release()
    assert release is not None
    assert release.counts == {"chunks__default": 12, "documents": 12}
    assert project.store.open("documents").schema.names == DOCUMENT.names


def test_a_first_run_of_an_empty_source_publishes_an_empty_release(project: Project) -> None:
    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.run.items.listed) == ("published", 1, 0)
    assert not project.ask(QUESTION).answerable


def test_no_change_costs_no_parse_no_embedding_no_version_and_one_row_in_runs(project: Project) -> None:
    project.pages(12)
    project.write("bad.txt", NO_TEXT)
    project.ingest()
    versions, runs = project.versions(), project.store.scan("runs").num_rows

    paid = project.ingest()

    assert (paid.run.state, paid.run.release, paid.parses, paid.embeddings) == ("unchanged", 1, 0, 0)
    assert project.versions() == versions
    assert project.store.scan("runs").num_rows == runs + 1


def test_a_touched_file_costs_no_parse_and_no_release(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(3)
    rows, bad = project.write("tickets.csv", tickets()), project.write("bad.txt", NO_TEXT)
    project.ingest()
    for path in (project.root / "docs/p00.md", rows, bad):
        touch(path)
    versions = project.versions()

    first, second = project.ingest(), project.ingest()

    assert (first.run.state, first.parses) == (second.run.state, second.parses) == ("unchanged", 0)
    assert (first.run.items.unchanged, first.run.items.quarantined) == (4, 1)
    assert project.versions() == versions


def test_an_edited_sentence_in_a_long_document_costs_at_most_three_embeddings(project: Project) -> None:
    text = long_document()
    project.write("long.md", text)
    assert project.ingest().embeddings >= 60

    for sentence, edited in {
        "Rule 0.3 says that gate 0 opens at 3 o'clock.": "Rule 0.3 was withdrawn last summer.",
        "Rule 40.5 says that gate 200 opens at 45 o'clock.": "Gate 200 stays shut.",
        "On day 7 the water stood 18 inches high at dam 7.": "On day 7 nobody looked: it rained so hard.",
        "On day 500 the water stood 28 inches high at dam 6.": "",
    }.items():
        assert text.count(sentence) == 1
        before = {row["chunk_id"] for row in project.chunks()}
        text = text.replace(sentence, edited)
        project.write("long.md", text)
        paid = project.ingest()

        assert paid.run.items.changed == 1
        assert 1 <= paid.embeddings <= 3, sentence
        assert len({row["chunk_id"] for row in project.chunks()} - before) <= 3, sentence


def long_document() -> str:
    sections = [
        f"## Section {n}\n\n"
        + " ".join(f"Rule {n}.{m} says that gate {n * m} opens at {n + m} o'clock." for m in range(12))
        for n in range(SECTIONS)
    ]
    diary = [f"On day {n} the water stood {n * 7 % 31} inches high at dam {n % 13}." for n in range(DAYS)]
    return "\n\n".join(["# The long one", *sections, "## Diary", " ".join(diary)]) + "\n"


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
    assert project.everywhere("key") == keys


def test_a_text_that_was_there_before_is_not_embedded_again(project: Project) -> None:
    project.pages(4)
    project.ingest()
    project.write("p01.md", page(1, costs=7))
    assert project.ingest().embeddings == 1

    project.write("p01.md", page(1))

    assert project.ingest().embeddings == 0


def test_one_edited_row_of_a_csv_touches_one_document(project: Project) -> None:
    project.source("docs", **ROWS)
    project.write("tickets.csv", tickets())
    project.ingest()
    before = {row["record"]: row for row in project.documents()}

    project.write("tickets.csv", tickets({5: "The pump is silent now."}))
    paid = project.ingest()

    after = {row["record"]: row for row in project.documents()}
    assert [record for record in after if after[record] != before[record]] == ["5"]
    assert paid.embeddings == 1
    assert (paid.run.documents["updated"], paid.run.chunks.added, paid.run.chunks.updated) == (1, 1, 0)


def test_a_run_of_one_source_leaves_the_rows_of_another_alone(project: Project) -> None:
    project.source("wiki", acl=["group:hr"])
    project.pages(4)
    project.write("same.md", page(77))
    project.write("same.md", page(77), source="wiki")
    project.ingest()
    assert project.ingest("wiki").embeddings == 0

    def of_docs() -> list[object]:
        return [row for row in [*project.documents(), *project.chunks()] if row["source"] == "docs"]

    before = of_docs()
    project.write("same.md", page(78), source="wiki")
    project.write("p00.md", page(0, costs=7))
    paid = project.ingest("wiki")

    assert (paid.run.items.listed, paid.run.items.changed) == (1, 1)
    assert of_docs() == before
    (project.root / "wiki/same.md").unlink()
    project.ingest("wiki", allow_shrink=True)
    assert [*project.documents(), *project.chunks()] == before


def test_a_changed_chunker_is_refused_until_a_person_allows_it_and_built_beside_the_live_table(
    project: Project,
) -> None:
    project.pages(6)
    gates = " ".join(f"Gate {n} opens at {n % 24} o'clock." for n in range(60))
    project.write("long.md", f"# Long\n\n{gates}")
    project.ingest()
    first, long_chunks = project.release(), len(project.chunks()) - 6
    assert first is not None
    project.chunker(64)
    versions = project.versions()

    refused = project.ingest()

    assert refused.run.refused is not None
    assert "all 7 documents would be cut and embedded again" in refused.run.refused["detail"]
    assert project.versions() == versions

    paid = project.ingest(allow_rebuild=True)

    second, shorter = project.release(), len(project.chunks()) - 6
    assert second is not None
    assert (second.release, paid.parses) == (2, 0)
    assert first.tables.keys() & second.tables.keys() == {"documents"}
    assert shorter > long_chunks
    assert paid.embeddings == shorter  # the pages are cut as before, and their texts were embedded before
    assert len(project.chunks(release=first)) == long_chunks + 6
    assert project.ask(QUESTION, release=1).answerable
    assert project.ingest().run.state == "unchanged"


def test_a_plan_says_what_ingest_then_does_and_writes_nothing(project: Project) -> None:
    project.source("docs", **ROWS)
    project.pages(6)
    project.write("tickets.csv", tickets(count=5))
    project.write("bad.txt", NO_TEXT)

    def planned_is_done(**options: bool) -> None:
        before = everything_under(project)
        plan = plan_source(project.open(), "docs")
        assert everything_under(project) == before
        paid = project.ingest(**options)
        assert plan.exact
        assert plan.items == asdict(paid.run.items)
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
    project.chunker(100)
    project.write("p04.md", page(4, costs=7))
    (project.root / "docs/p05.md").unlink()
    planned_is_done(allow_rebuild=True)


def everything_under(project: Project) -> dict[str, int]:
    files = [path for path in project.root.rglob("*") if path.name != "headwater.yaml"]
    return {str(path): path.stat().st_mtime_ns for path in files}


def test_a_context_as_of_an_older_release_is_what_it_was(project: Project) -> None:
    project.pages(4)
    project.ingest()
    then, first = project.ask(QUESTION), project.release()
    assert first is not None

    project.write("p01.md", page(1, costs=777))
    project.write("p09.md", page(9))
    project.ingest()

    again, now = project.ask(QUESTION, release=1), project.ask(QUESTION)
    assert (again.digest, again.messages) == (then.digest, then.messages)
    assert "777 euros" in now.messages[-1].content
    assert "777 euros" not in again.messages[-1].content
    made = context(project.open(), ContextRequest(question=QUESTION, as_of=first.created_at))
    assert (made.release, made.digest) == (1, then.digest)


def test_going_back_in_time_does_not_bring_a_deleted_document_back(project: Project) -> None:
    project.pages(4)
    project.ingest()
    (project.root / "docs/p01.md").unlink()
    project.ingest()

    assert "Station 1 " not in project.ask(QUESTION, release=1).messages[-1].content
