"""Everything on one machine: started by one command, stopped by one signal."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.prefect_server import ask, environment, free_port, healthy, wait_for

PROJECT = """
project: small
sources:
  notes: {type: files, uri: notes/, acl: [everyone], schedule: {every_s: 3600}}
"""


@pytest.mark.timeout(400)
def test_up_serves_the_deployments_and_a_signal_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "headwater.yaml").write_text(PROJECT)
    port = free_port()
    env = {**environment(tmp_path / "prefect", port), "HEADWATER_PREFECT_PORT": str(port)}
    log = tmp_path / "up.log"
    with log.open("wb") as output:
        up = subprocess.Popen(
            [str(Path(sys.executable).parent / "headwater"), "up"],
            cwd=tmp_path,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: "Ctrl-C stops everything" in log.read_text() or up.poll() is not None, 200, "up")
        assert up.poll() is None, log.read_text()
        assert "ingest/small-notes" in log.read_text()
        names = [deployment["name"] for deployment in ask(env, "deployments/filter", {})]
        assert names == ["small-notes"]
    finally:
        os.kill(up.pid, signal.SIGTERM)
        up.wait(60)

    assert up.returncode == 0, log.read_text()
    assert log.read_text().endswith("stopping ...\nstopped\n")
    assert not healthy(env["PREFECT_API_URL"])
