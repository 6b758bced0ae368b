"""What is in quarantine is tried again: by itself after a rest where that may help, or at once when asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.quarantining import in_quarantine
from flows.stages.retrying import items_to_retry
from flows.stages.step import Step
from infra.store import logs
from schemas.errors import NotFoundError
from tests.flows.projects import NO_TEXT, ROWS, Paid, Project, tickets, touch

T = TypeVar("T")


def away(path: Path) -> Step:
    """Take a file away between its listing and its reading; it is back, untouched, when the run has ended."""
    elsewhere = path.parents[1] / path.name

    def step(name: str, stage: Callable[[], T]) -> T:
        if name == "list":
            found = stage()
            path.rename(elsewhere)
            return found
        return stage()

    return step


def ingest_without(project: Project, path: Path, **options: Any) -> Paid:
    try:
        return project.ingest(step=away(path), **options)
    finally:
        back = path.parents[1] / path.name
        if back.exists():
            back.rename(path)


def retry(project: Project, *ids: str, source: str = "docs") -> Paid:
    keys = items_to_retry(project.open(), ids, source)
    return project.ingest(source, retry=keys.get(source, frozenset()))


def attempts(project: Project) -> list[tuple[str, str]]:
    rows = logs.quarantine(project.store).to_pylist()
    return [(row["key"], row["reason"]) for row in rows]


def test_a_file_that_was_not_there_is_tried_again_after_a_minute_and_then_after_four(
    project: Project,
) -> None:
    project.pages(3)
    ferry = project.write("ferry.txt", "The ferry goes at noon.")

    assert ingest_without(project, ferry).run.reasons == {"vanished": 1}
    assert project.ingest().run.items.quarantined == 1
    project.later = timedelta(minutes=1)
    assert ingest_without(project, ferry).run.reasons == {"vanished": 1}
    project.later = timedelta(minutes=4)
    assert project.ingest().run.items.quarantined == 1
    project.later = timedelta(minutes=5, seconds=1)

    assert project.ingest().run.items.added == 1
    assert attempts(project) == [("ferry.txt", "vanished")] * 2
    assert in_quarantine(project.open(), None) == []


def test_asking_does_not_wait_and_a_failed_try_lengthens_the_rest(project: Project) -> None:
    project.pages(3)
    ferry = project.write("ferry.txt", "The ferry goes at noon.")
    ingest_without(project, ferry)
    (entry,) = in_quarantine(project.open(), "docs")
    keys = items_to_retry(project.open(), [entry["quarantine_id"]])["docs"]

    ingest_without(project, ferry, retry=keys)
    assert attempts(project) == [("ferry.txt", "vanished")] * 2
    project.later = timedelta(minutes=2)
    assert project.ingest().run.items.quarantined == 1

    paid = retry(project, entry["quarantine_id"])

    assert (paid.run.state, paid.run.items.added, paid.parses) == ("published", 1, 1)


def test_a_permanent_reason_is_tried_when_asked_and_otherwise_never(project: Project) -> None:
    project.pages(3)
    project.write("bad.txt", NO_TEXT)
    project.ingest()
    project.later = timedelta(days=30)
    assert project.ingest().parses == 0

    paid = retry(project)

    assert (paid.run.state, paid.parses, paid.run.reasons) == ("unchanged", 1, {"bad_encoding": 1})
    assert attempts(project) == [("bad.txt", "bad_encoding")] * 2
    assert project.ingest().parses == 0


def test_a_touched_item_that_is_not_tried_has_not_used_up_a_try(project: Project) -> None:
    project.pages(3)
    bad = project.write("bad.txt", NO_TEXT)
    project.ingest()
    touch(bad)
    project.ingest()
    assert project.store.scan("items", where="key = 'bad.txt'")["tries"].to_pylist() == [1]

    retry(project)

    assert project.store.scan("items", where="key = 'bad.txt'")["tries"].to_pylist() == [2]


def test_a_stale_document_is_tried_again_with_the_rest_of_its_run(project: Project) -> None:
    project.pages(3)
    project.write("ferry.txt", "The ferry goes at noon.")
    project.ingest()
    project.write("ferry.txt", NO_TEXT)
    project.ingest()
    project.write("p09.md", "# Nine\n\nA page that came meanwhile.\n")

    paid = retry(project)

    assert (paid.run.items.added, paid.run.items.quarantined, paid.parses) == (1, 1, 2)
    assert {row["status"] for row in project.documents() if row["key"] == "ferry.txt"} == {"stale"}


def test_an_item_is_read_again_for_one_bad_record_in_it(project: Project) -> None:
    project.source("docs", **ROWS)
    project.write("tickets.csv", tickets({2: ""}))
    project.ingest()
    (entry,) = in_quarantine(project.open(), "docs")

    paid = retry(project, entry["quarantine_id"])

    assert (paid.run.state, paid.parses, paid.run.reasons) == ("unchanged", 1, {"empty_after_parse": 1})
    (now,) = in_quarantine(project.open(), "docs")
    assert (now["record"], now["quarantine_id"] != entry["quarantine_id"]) == ("2", True)


def test_only_what_is_in_quarantine_now_is_chosen_by_id_by_source_or_all_of_it(project: Project) -> None:
    project.source("mail")
    for source, name in (("docs", "a.txt"), ("docs", "b.txt"), ("mail", "c.txt")):
        project.write(name, NO_TEXT, source=source)
    mended = project.write("mended.txt", NO_TEXT)
    project.ingest()
    project.ingest("mail")
    ids = {row["key"]: row["quarantine_id"] for row in in_quarantine(project.open(), None)}
    mended.write_text("Now it can be read.")
    project.ingest()
    workspace = project.open()

    assert items_to_retry(workspace) == {"docs": {"a.txt", "b.txt"}, "mail": {"c.txt"}}
    assert items_to_retry(workspace, source="mail") == {"mail": {"c.txt"}}
    assert items_to_retry(workspace, [ids["b.txt"], ids["c.txt"]]) == {"docs": {"b.txt"}, "mail": {"c.txt"}}
    with pytest.raises(NotFoundError, match="no quarantine entry 'nothing'"):
        items_to_retry(workspace, ["nothing"])
    with pytest.raises(NotFoundError, match=r"no quarantine entry .* of source 'mail'"):
        items_to_retry(workspace, [ids["a.txt"]], "mail")
    with pytest.raises(NotFoundError, match=r"'mended.txt' of source 'docs' is no longer in quarantine"):
        items_to_retry(workspace, [ids["mended.txt"]])
    with pytest.raises(NotFoundError, match="no source 'slack'"):
        items_to_retry(workspace, source="slack")


def test_the_command_prints_runs_as_ingest_does(project: Project) -> None:
    project.pages(3)
    bad = project.write("bad.txt", NO_TEXT)
    project.ingest()

    def cli(*arguments: str) -> str:
        path = str(project.root / "headwater.yaml")
        answer = CliRunner().invoke(app, ["--project", path, *arguments, "quarantine", "retry"])
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    run = json.loads(cli("--json"))
    assert (run["source"], run["parsed"], run["items"]["quarantined"]) == ("docs", 1, 1)
    assert "docs: unchanged in" in cli()

    bad.write_text("Now it can be read.")
    project.ingest()

    assert json.loads(cli("--json")) == []
    assert cli() == "nothing is in quarantine\n"
