"""With Prefect or without it: the same sources give the same tables, and runs report the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from flows.stages.featuring import ingest_one
from flows.stages.ingesting import IngestOptions
from infra.store import releases
from schemas.run import Run
from tests.flows.projects import NO_TEXT, Project, page
from tests.oracle import differences, published

OF_ITS_RUN = {"run_id", "seconds", "report", "bytes_written", "planned", "config_hash", "created_at"}
"""What a report says that is another for every run, or for every store."""


def as_flow(project: Project, name: str = "docs", **options: Any) -> Run:
    from flows.ingest import ingest_in_workspace

    return ingest_in_workspace(project.open(), name, IngestOptions(**options))


def plainly(project: Project, name: str = "docs", **options: Any) -> Run:
    return ingest_one(project.open(), name, IngestOptions(**options))


def comparable(run: dict[str, Any]) -> dict[str, Any]:
    refused = run.get("refused")
    if refused:  # the fix names the validation report, the detail says how long a redo would take
        refused = {**refused, "fix": "", "detail": re.sub(r"\(about [^)]*\)", "", refused["detail"])}
    return {name: value for name, value in {**run, "refused": refused}.items() if name not in OF_ITS_RUN}


def everything(project: Project) -> list[Any]:
    """Return what releases, runs and the quarantine say, but for times, ids and places."""
    runs = [json.loads(row["report"]) for row in project.store.scan("runs").sort_by("started_at").to_pylist()]
    made = [comparable(release.as_dict()) for release in releases.releases(project.store)]
    return [made, [comparable(run) for run in runs], project.quarantined(), sorted(project.store.names())]


@pytest.mark.usefixtures("prefect_home")
def test_a_flow_does_what_the_plain_stages_do(project: Project) -> None:
    twin = replace(project, root=project.root, settings={**project.settings, "store": {"uri": "twin"}})
    project.settings["policy"] = twin.settings["policy"] = {"min_rejected": 1}

    def both(**options: Any) -> None:
        ours, theirs = plainly(project, **options), as_flow(twin, **options)
        assert comparable(ours.as_dict()) == comparable(theirs.as_dict())
        assert differences(published(project.open()), published(twin.open())) == []
        states.append(theirs.state)

    states: list[str] = []
    project.pages(6)
    project.write("bad.txt", NO_TEXT)
    both()
    both()
    both(retry=frozenset({"bad.txt"}))
    project.write("p00.md", page(0, costs=7))
    (project.root / "docs/p01.md").unlink()
    both()
    project.write("worse.txt", NO_TEXT)
    project.write("p02.md", page(2, costs=7))
    both()
    (project.root / "docs/worse.txt").unlink()
    for one in (project, twin):
        one.source("docs", acl=["group:hr"])
        one.chunker(64)
    both()
    both(allow_rebuild=True)

    assert states == ["published", "unchanged", "unchanged", "published", "refused", "refused", "published"]
    assert everything(project) == everything(twin)


@pytest.mark.usefixtures("prefect_home")
def test_a_feature_is_ingested_by_the_same_flow(project: Project) -> None:
    how = {"type": "csv", "uri": "customers.csv", "entity": "id", "time": "at", "acl": ["everyone"]}
    project.settings["features"] = {"customer": how}
    twin = replace(project, root=project.root, settings={**project.settings, "store": {"uri": "twin"}})
    states: list[str] = []
    for rows in ("1,2026-01-01T00:00:00Z", "1,2026-01-01T00:00:00Z", "1,2026-01-02T00:00:00Z\n2,soon", ""):
        (project.root / "customers.csv").write_text(f"id,at\n{rows}\n")
        ours, theirs = plainly(project, "customer"), as_flow(twin, "customer")
        assert comparable(ours.as_dict()) == comparable(theirs.as_dict())
        states.append(theirs.state)

    assert states == ["published", "unchanged", "published", "refused"]
    assert everything(project) == everything(twin)
