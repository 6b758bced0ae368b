"""Freshness: what is late is said to be late, with the reason, and only to those who may know of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.stages.featuring import ingest_one
from flows.stages.freshness import freshness
from schemas.errors import HeadwaterError
from schemas.freshness import Freshness
from tests.flows.projects import NO_TEXT, Project, page


def of(project: Project, name: str = "docs", *entries: str) -> Freshness:
    found = freshness(project.open(), entries or None)
    return next(one for one in found if one.source == name)


def test_a_source_is_fresh_once_it_was_looked_at_and_says_what_is_released_of_it(project: Project) -> None:
    before = of(project)
    project.pages(3)
    project.write("bad.txt", NO_TEXT)
    project.ingest()
    project.ingest()

    now = of(project)

    assert (before.state, before.documents, before.release) == ("never", 0, None)
    assert (now.state, now.documents, now.release, now.quarantined) == ("fresh", 3, 1, 1)
    assert str(now.looked_at) > str(now.released_at)
    assert 0 <= (now.age_s or 0) < 600


@pytest.mark.parametrize(
    ("settings", "later", "state"),
    [
        ({"schedule": {"every_s": 900}}, timedelta(minutes=20), "fresh"),
        ({"schedule": {"every_s": 900}}, timedelta(minutes=40), "overdue"),
        ({"schedule": {"cron": "0 * * * *"}}, timedelta(hours=3), "overdue"),
        ({"max_age": "2h"}, timedelta(hours=3), "overdue"),
        ({}, timedelta(days=900), "fresh"),
    ],
)
def test_a_source_nobody_looked_at_in_time_is_overdue(
    project: Project, settings: dict[str, object], later: timedelta, state: str
) -> None:
    project.source("docs", **settings)
    project.pages(1)
    project.ingest()

    project.later = later

    assert of(project).state == state


def test_a_source_that_changed_too_long_ago_is_old_however_often_it_is_looked_at(project: Project) -> None:
    project.source("docs", max_age="2h")
    project.pages(1)
    project.ingest()
    project.later = timedelta(hours=3)
    project.ingest()

    assert of(project).state == "old"


def test_a_refused_and_a_failed_run_say_what_stopped_them_until_one_ends_well(project: Project) -> None:
    project.settings["policy"] = {"min_rejected": 1}
    project.pages(2)
    project.ingest()
    for n in range(2):
        project.write(f"bad{n}.txt", NO_TEXT)
    project.write("p00.md", page(0, costs=7))
    project.ingest()
    refused = of(project)
    project.source("docs", uri="nowhere")
    with pytest.raises(HeadwaterError):
        ingest_one(project.open(), "docs")
    failed = of(project)
    project.source("docs", uri="docs")
    for n in range(2):
        (project.root / f"docs/bad{n}.txt").unlink()
    project.ingest()

    assert [refused.state, failed.state, of(project).state] == ["refused", "failed", "fresh"]
    assert "rejected" in refused.detail
    assert "nowhere" in failed.detail
    assert of(project).detail == ""


def test_who_may_not_read_a_source_does_not_learn_of_it(project: Project) -> None:
    project.source("hr", acl=["group:hr"])
    project.pages(1)
    project.write("secret.md", page(9), source="hr")
    project.ingest()
    project.ingest("hr")

    assert [one.source for one in freshness(project.open(), ["everyone"])] == ["docs"]
    assert [one.source for one in freshness(project.open(), ["everyone", "group:hr"])] == ["docs", "hr"]


def test_with_rights_row_by_row_only_what_one_may_read_is_counted(project: Project) -> None:
    rows = {"records": "rows", "record_key": "id", "text": ["body"], "acl_column": "team"}
    project.source("docs", acl=["group:staff"], **rows)
    project.write("t.csv", "id,body,team\n1,Pump one hums.,group:ops\n2,Pump two hums.,group:hr\n")
    project.ingest()

    mine = of(project, "docs", "everyone", "group:ops")

    assert (mine.documents, mine.quarantined, mine.release) == (1, None, None)
    assert of(project).documents == 2
    assert freshness(project.open(), ["everyone"]) == []


def test_a_feature_is_as_fresh_as_its_newest_facts(project: Project) -> None:
    (project.root / "customers.csv").write_text("id,at,tier\n42,2026-01-01T10:00:00Z,gold\n")
    how = {"type": "csv", "uri": "customers.csv", "entity": "id", "time": "at", "acl": ["everyone"]}
    project.settings["features"] = {"customer": how | {"max_age": "1d"}}
    ingest_one(project.open(), "customer")

    found = of(project, "customer")

    assert (found.kind, found.documents, found.state) == ("feature", 1, "old")
    assert found.as_dict()["changed_at"] == "2026-01-01T10:00:00+00:00"
