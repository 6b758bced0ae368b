"""What the flows besides ingest promise: they do their stages' work and leave artifacts that say what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_API_URL

from flows.backfill import backfill, backfill_in_workspace
from flows.context import assemble_context
from flows.evaluate import evaluate_in_workspace
from flows.maintain import maintain_in_workspace
from flows.stages import backfilling
from flows.stages.evaluating import evaluate
from flows.stages.featuring import ingest_one
from flows.stages.redoing import Redoing, Spend, work_through
from schemas.backfill import BackfillOptions
from schemas.errors import RefusedError
from tests.flows.own_parsers import PLAIN, SHOUTING
from tests.flows.projects import Project
from tests.flows.test_evaluating import about, questions


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


def flow_runs(**chosen: Any) -> list[dict[str, Any]]:
    """Return flow runs, the newest first."""
    url = f"{PREFECT_API_URL.value()}/flow_runs/filter"
    answer = httpx.post(url, json={**chosen, "sort": "START_TIME_DESC"})
    return answer.raise_for_status().json()  # type: ignore[no-any-return]


def parts(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the child runs of a run by their names, of which no two are the same."""
    found = flow_runs(flow_runs={"parent_flow_run_id": {"any_": [run["id"]]}})
    named = {part["name"]: part for part in found}
    assert len(named) == len(found)
    return named


def retried(run: dict[str, Any]) -> None:
    """Run a flow run again as a worker does after Retry."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(UUID(run["id"]))
        run_flow(backfill, flow_run=found, parameters=found.parameters, return_type="state")


@pytest.mark.usefixtures("prefect_home")
@pytest.mark.parametrize("publish", ["each", "once"])
def test_a_retried_backfill_runs_the_part_that_died_again_and_no_finished_one(
    project: Project, monkeypatch: pytest.MonkeyPatch, publish: Literal["each", "once"]
) -> None:
    project.source("docs", parsers={"text/markdown": PLAIN})
    project.pages(6)
    project.ingest()
    project.source("docs", parsers={"text/markdown": SHOUTING})
    deaths: list[str] = []

    def dying(run: Redoing, keys: tuple[str, ...], spend: Spend) -> None:
        if "p02.md" in keys and not deaths:
            deaths.append("p02.md")
            raise KeyboardInterrupt  # as close as a test comes to being killed
        work_through(run, keys, spend)

    monkeypatch.setattr(backfilling, "work_through", dying)
    with pytest.raises(KeyboardInterrupt):
        backfill_in_workspace(project.open(), ["docs"], BackfillOptions(partition_items=2, publish=publish))
    run = flow_runs(flows={"name": {"any_": ["backfill"]}})[0]
    before = parts(run)
    assert before["partition 2 of 3 of docs"]["state_type"] == "CRASHED"
    parses = project.parses()

    retried(run)

    after = parts(run)
    assert {name: (part["state_type"], part["run_count"]) for name, part in after.items()} == {
        "partition 1 of 3 of docs": ("COMPLETED", 1),
        "partition 2 of 3 of docs": ("COMPLETED", 2),
        "partition 3 of 3 of docs": ("COMPLETED", 1),
    }
    assert {part["idempotency_key"] for part in after.values()} == {f"{run['id']} {name}" for name in after}
    assert all(after[name]["id"] == part["id"] for name, part in before.items())
    assert project.parses() - parses == 4
    assert project.ingest().run.state == "unchanged"


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


@pytest.mark.usefixtures("prefect_home")
def test_an_evaluation_as_a_flow_says_the_same_and_leaves_a_table_with_a_plot(project: Project) -> None:
    project.pages(3)
    project.ingest()
    options = questions(project, about(1), about(2), about(7))

    found = evaluate_in_workspace(project.open(), options)

    assert found == evaluate(project.open(), options)
    shown = artifact("evaluation")
    assert "| token_recall | 1.000 (1.000 to 1.000) |" in shown
    assert "`p07.md`: no such document" in shown
    assert "(data:image/png;base64," in shown
