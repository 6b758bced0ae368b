"""`infra/deploy/prefect.yaml`: it registers with Prefect's own program what `headwater deploy` does."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.flows.deploying import OnServer

ROOT = Path(__file__).parents[2]
FILE = ROOT / "infra" / "deploy" / "prefect.yaml"


@pytest.mark.gate
def test_it_registers_what_headwater_deploys(tmp_path: Path, prefect_api: dict[str, str]) -> None:
    def prefect(*arguments: str) -> None:
        command = [str(Path(sys.executable).parent / "prefect"), "--no-prompt", *arguments]
        done = subprocess.run(
            command, env=prefect_api, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == 0, done.stdout + done.stderr

    prefect("work-pool", "create", "headwater", "--type", "process", "--overwrite")
    prefect("deploy", "--all", "--prefect-file", str(FILE))

    project = OnServer(root=tmp_path, env=prefect_api, settings={"project": "of-the-file"})
    found = project.deployments()
    named = yaml.safe_load(FILE.read_text())["deployments"]
    assert len(found) == len(named)
    assert {one["entrypoint"] for one in found.values()} == {one["entrypoint"] for one in named}
    notes = found["ingest/notes"]
    assert notes["global_concurrency_limit"]["limit"] == 1
    assert notes["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    assert notes["schedules"][0]["schedule"]["interval"] == 900
    assert found["maintain/maintenance"]["schedules"][0]["schedule"]["cron"] == "30 3 * * *"
