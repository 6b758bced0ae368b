"""What the flows besides ingest promise: they do their stages' work and leave artifacts that say what."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from prefect.settings import PREFECT_API_URL

from flows.backfill import backfill_in_workspace
from flows.context import assemble_context
from flows.maintain import maintain_in_workspace
from flows.stages.featuring import ingest_one
from schemas.backfill import BackfillOptions
from schemas.errors import RefusedError
from tests.flows.own_parsers import PLAIN, SHOUTING
from tests.flows.projects import Project
from tests.flows.test_prefect_equals_plain import prefect_home

__all__ = ["prefect_home"]


def artifact(key: str) -> str:
    answer = httpx.get(f"{PREFECT_API_URL.value()}/artifacts/{key}/latest")
    return str(answer.raise_for_status().json()["data"])


@pytest.mark.usefixtures("prefect_home")
def test_a_backfill_runs_as_a_flow_with_its_report_and_its_progress(project: Project) -> None:
    project.source("docs", parsers={"text/markdown": PLAIN})
    project.pages(6)
    project.ingest()
    project.source("docs", parsers={"text/markdown": SHOUTING})

    runs = backfill_in_workspace(project.open(), ["docs"], BackfillOptions(partition_items=4))

    assert [(run.release, run.items.changed) for run in runs] == [(2, 4), (3, 2)]
    assert "| release 3 | 2 | 2 |" in artifact("backfill-docs")


@pytest.mark.usefixtures("prefect_home")
def test_a_backfill_that_is_refused_is_refused_through_prefect_too(project: Project) -> None:
    project.pages(2)
    project.ingest()
    project.chunker(64)

    with pytest.raises(RefusedError, match="not built yet"):
        backfill_in_workspace(project.open(), ["docs"], BackfillOptions())


@pytest.mark.usefixtures("prefect_home")
def test_maintenance_runs_as_a_flow_and_says_what_it_did(project: Project) -> None:
    project.pages(2)
    project.ingest()

    done = maintain_in_workspace(project.open())

    assert done.bytes_after > 0
    assert "on disk" in artifact("maintain")


@pytest.mark.usefixtures("prefect_home")
def test_a_context_is_assembled_as_a_flow_with_the_facts_of_whom_it_is_about(project: Project) -> None:
    (project.root / "customers.csv").write_text("id,at,tier\n42,2026-01-01T10:00:00Z,gold\n")
    project.settings["features"] = {
        "customer": {"type": "csv", "uri": "customers.csv", "entity": "id", "time": "at", "acl": ["everyone"]}
    }
    project.settings["context_views"] = {"default": {"features": ["customer"]}}
    project.pages(2)
    project.ingest()
    ingest_one(project.open(), "customer")

    found = assemble_context(
        "What does the sensor of station 1 cost?",
        project=str(project.root / "headwater.yaml"),
        entities={"id": "42"},
        filters={"media_types": "text/markdown", "until": "2001-01-01"},
        as_of=datetime.now(UTC),
    )

    assert found["citations"] == []
    assert found["notes"] == ["0 passages found under the filters; 2 without them"]
    assert "_0 passages found under the filters; 2 without them_" in artifact("context")
    assert found["features"]["customer"]["values"] == {"tier": "gold"}
    assert '[1] customer   as of 2026-01-01T10:00:00+00:00: {"tier": "gold"}' in artifact("context")
