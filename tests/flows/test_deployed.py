"""A deployed source is brought up to date by its schedule, with nobody watching."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flows.prefect_server import ask, prefect_server, program, wait_for

PROJECT = """
project: watched
sources:
  notes: {type: files, uri: notes/, acl: [everyone], schedule: {cron: "* * * * *"}}
  letters: {type: files, uri: letters/, acl: [everyone]}
features:
  customer: {type: csv, uri: customers.csv, entity: id, time: at, acl: [everyone]}
"""
HEADWATER = str(Path(sys.executable).parent / "headwater")


def headwater(env: dict[str, str], project: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [HEADWATER, "--json", "--project", str(project), *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(600)
def test_a_cron_schedule_fires_and_leaves_its_change_report(tmp_path: Path) -> None:
    project = tmp_path / "headwater.yaml"
    project.write_text(PROJECT)
    (tmp_path / "notes").mkdir()
    (tmp_path / "letters").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# Level\n\nThe river is low today.\n")
    with prefect_server(tmp_path / "prefect") as env:
        first = headwater(env, project, "deploy")
        again = headwater(env, project, "deploy")
        assert [row["deployment"] for row in first["deployments"]] == [
            "ingest/watched-notes",
            "ingest/watched-letters",
            "ingest/watched-customer",
        ]
        assert again["deployments"] == first["deployments"]

        with program(
            "prefect", "worker", "start", "--pool", "headwater", env=env, log=tmp_path / "worker.log"
        ):
            scheduled = wait_for(lambda: ask(env, "flow_runs/filter", {}), 60, "a scheduled run")
            assert all(run["auto_scheduled"] for run in scheduled)
            run = wait_for(lambda: completed(env), 240, "a run completed by its schedule")

        assert run["auto_scheduled"]
        (artifact,) = ask(
            env, "artifacts/filter", {"artifacts": {"key": {"any_": ["ingest-notes"]}}, "limit": 1}
        )
        assert "# notes: release 1" in artifact["data"]
        releases = headwater(env, project, "release", "list")
        assert releases[0]["counts"]["documents"] == 1

        project.write_text(PROJECT.replace("  letters:", "  mail:").replace("letters/", "letters/"))
        assert headwater(env, project, "deploy")["removed"] == ["watched-letters"]


def completed(env: dict[str, str]) -> Any:
    runs = ask(
        env,
        "flow_runs/filter",
        {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}},
    )
    for run in runs:
        assert run["state"]["type"] == "COMPLETED", run["state"]
        return run
    return None
