"""A project on a real Prefect server: deployed by the command line, asked as Prefect's UI asks."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.flows.prefect_server import ask, wait_for

HEADWATER = str(Path(sys.executable).parent / "headwater")
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
BUSY = 5
NOTES = {"type": "files", "uri": "notes/", "acl": ["everyone"]}


@dataclass(kw_only=True)
class OnServer:
    """A project file, and the server it is deployed to."""

    root: Path
    env: dict[str, str]
    settings: dict[str, Any]
    deployed: dict[str, Any] = field(default_factory=dict)
    """What deploying it said."""

    @property
    def name(self) -> str:
        return str(self.settings["project"])

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def headwater(self, *arguments: str, prefect: bool = True, rc: int = 0) -> Any:
        """Return what a verb prints; without Prefect the same stages run plainly."""
        (self.root / "headwater.yaml").write_text(yaml.safe_dump(self.settings, sort_keys=False))
        env = self.env if prefect else {k: v for k, v in self.env.items() if k != "PREFECT_API_URL"}
        done = subprocess.run(
            [HEADWATER, "--json", "--project", str(self.root / "headwater.yaml"), *arguments],
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == rc, done.stderr
        return json.loads(done.stdout)

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Return what is registered for this project, by the name Prefect's command line takes."""
        flows = {flow["id"]: flow["name"] for flow in ask(self.env, "flows/filter", {})}
        tags = {"deployments": {"tags": {"all_": [f"project:{self.name}"]}}}
        found = ask(self.env, "deployments/filter", tags)
        return {f"{flows[one['flow_id']]}/{one['name']}": one for one in found}

    def run(self, deployment: str, **parameters: Any) -> str:
        """Ask for a run as the form of Prefect's UI does, and return its id."""
        found = self.deployments()[deployment]
        answer = self.post(f"deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        return str(answer.raise_for_status().json()["id"])

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Post as Prefect's clients do, which ask a busy server again."""
        url = f"{self.env['PREFECT_API_URL']}/{path}"
        for _ in range(BUSY):
            answer = httpx.post(url, json=body, timeout=30)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(1)
        return answer

    def flow_run(self, run: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.env['PREFECT_API_URL']}/flow_runs/{run}", timeout=30)
        return answer.raise_for_status().json()  # type: ignore[no-any-return]

    def ended(self, run: str, seconds: float = 120) -> dict[str, Any]:
        """Wait for a run to end and return it."""

        def look() -> dict[str, Any] | None:
            found = self.flow_run(run)
            return found if found["state_type"] in ENDED else None

        return wait_for(look, seconds, f"the end of run {run}")  # type: ignore[no-any-return]

    def started(self, run: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for a run to begin and return it."""

        def look() -> dict[str, Any] | None:
            found = self.flow_run(run)
            return found if found["state_type"] in {"RUNNING", *ENDED} else None

        return wait_for(look, seconds, f"the start of run {run}")  # type: ignore[no-any-return]

    def artifact(self, key: str) -> str:
        answer = httpx.get(f"{self.env['PREFECT_API_URL']}/artifacts/{key}/latest", timeout=30)
        return str(answer.raise_for_status().json()["data"])
