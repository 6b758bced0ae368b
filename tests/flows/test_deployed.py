"""What `headwater deploy` promises: schedules that fire, forms that fit the project, nothing done twice."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.deploying import NOTES, OnServer
from tests.flows.prefect_server import ask, wait_for

SETTINGS: dict[str, Any] = {
    "project": "watched",
    "sources": {
        "notes": {**NOTES, "schedule": {"cron": "0 3 * * *"}},
        "letters": {**NOTES, "uri": "letters/", "schedule": {"cron": "*/15 * * * *"}},
    },
    "features": {
        "customer": {
            "type": "csv",
            "uri": "customers.csv",
            "entity": "id",
            "time": "at",
            "acl": ["everyone"],
        }
    },
    "datasets": {"notes-qa": {"type": "qa", "source": "notes", "format": "messages"}},
}


def laid_out(root: Path, env: dict[str, str], **settings: Any) -> OnServer:
    project = OnServer(root=root, env=env, settings={**SETTINGS, **settings})
    project.write("notes/a.md", "# Level\n\nThe river is low today.\n")
    (root / "letters").mkdir()
    return project


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, prefect_api: dict[str, str]) -> OnServer:
    """A project that is deployed; what that said is in its `deployed`."""
    project = laid_out(tmp_path_factory.mktemp("watched"), prefect_api)
    project.deployed = project.headwater("deploy")
    return project


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("worker")
def test_a_cron_schedule_fires_and_leaves_its_change_report(
    tmp_path: Path, prefect_api: dict[str, str]
) -> None:
    often = {**NOTES, "schedule": {"cron": "* * * * *"}}
    # `letters` has no schedule here: one that fires first would take the number of the first release.
    sources = {"notes": often, "letters": {**NOTES, "uri": "letters/"}}
    watched = laid_out(tmp_path, prefect_api, project="scheduled", sources=sources)
    first = watched.headwater("deploy")
    assert [row["deployment"] for row in first["deployments"]] == [
        "ingest/scheduled-notes",
        "ingest/scheduled-letters",
        "ingest/scheduled-customer",
        "backfill/scheduled",
        "assemble-context/scheduled",
        "assemble-contexts/scheduled",
        "export/scheduled",
        "evaluate/scheduled",
        "freshness/scheduled",
        "maintain/scheduled",
    ]

    run = wait_for(lambda: completed(watched, "ingest/scheduled-notes"), 240, "a run by its schedule")

    assert run["auto_scheduled"]
    assert "# notes: release 1" in watched.artifact("ingest-notes")
    assert watched.headwater("release", "list")[0]["counts"]["documents"] == 1
    watched.settings = {**watched.settings, "sources": {}, "datasets": {}}
    assert watched.headwater("deploy")["removed"] == ["scheduled", "scheduled-letters", "scheduled-notes"]


def completed(project: OnServer, deployment: str) -> Any:
    one = {"deployments": {"id": {"any_": [project.deployments()[deployment]["id"]]}}}
    state = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}}
    for run in ask(project.env, "flow_runs/filter", {**one, **state}):
        assert run["state"]["type"] == "COMPLETED", run["state"]
        return run
    return None


def test_deploying_again_changes_nothing_and_a_paused_schedule_stays_paused(watched: OnServer) -> None:
    letters = watched.deployments()["ingest/watched-letters"]
    (schedule,) = letters["schedules"]
    path = f"deployments/{letters['id']}/schedules/{schedule['id']}"
    url = f"{watched.env['PREFECT_API_URL']}/{path}"
    httpx.patch(url, json={"active": False}, timeout=30).raise_for_status()

    again = watched.headwater("deploy")

    assert again == watched.deployed
    found = watched.deployments()
    assert found["ingest/watched-letters"]["id"] == letters["id"]
    assert [one["active"] for one in found["ingest/watched-letters"]["schedules"]] == [False]
    assert [one["active"] for one in found["ingest/watched-notes"]["schedules"]] == [True]


def test_a_schedule_that_says_how_often_is_spread_and_one_that_says_when_is_kept(watched: OnServer) -> None:
    rows = {row["deployment"]: row["schedule"] for row in watched.deployed["deployments"]}
    found = watched.deployments()

    assert rows["ingest/watched-notes"] == "cron 0 3 * * * UTC"
    assert "spread" in rows["ingest/watched-letters"]
    schedule = found["ingest/watched-letters"]["schedules"][0]["schedule"]
    assert timedelta(seconds=schedule["interval"]) == timedelta(minutes=15)
    assert found["ingest/watched-notes"]["schedules"][0]["schedule"]["cron"] == "0 3 * * *"


def test_runs_of_a_source_wait_for_each_other_and_beat_every_30_s(watched: OnServer) -> None:
    notes = watched.deployments()["ingest/watched-notes"]

    assert notes["global_concurrency_limit"]["limit"] == 1
    assert notes["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert notes["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    assert notes["job_variables"]["env"]["DO_NOT_TRACK"] == "1"


def test_a_form_offers_what_the_project_names_and_refuses_the_rest(watched: OnServer) -> None:
    found = watched.deployments()
    source = found["ingest/watched-notes"]["parameter_openapi_schema"]["properties"]["source"]
    assert source["enum"] == ["notes"]
    assert "project file" in source["description"]
    dataset = found["export/watched"]["parameter_openapi_schema"]["properties"]["dataset"]
    assert dataset["enum"] == ["notes-qa"]

    def refusal(deployment: str, **parameters: Any) -> str:
        at = f"deployments/{found[deployment]['id']}/create_flow_run"
        return watched.post(at, {"parameters": parameters}).raise_for_status().text

    for deployment, wrong in (
        ("ingest/watched-notes", {"source": "letters"}),
        ("ingest/watched-notes", {"backfill": {"stage": "guess"}}),
        ("ingest/watched-notes", {"backfill": {"index": "none"}}),
        ("backfill/watched", {"sources": ["mail"]}),
        ("assemble-context/watched", {"question": "How low?", "view": "none"}),
        ("export/watched", {"dataset": "none"}),
    ):
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            refusal(deployment, **wrong)
