"""Everything on one machine: started by one command, mended when a part dies, stopped by one signal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.flows.prefect_server import ask, environment, free_port, healthy, wait_for

PROJECT = """
project: small
sources:
  notes: {type: files, uri: notes/, acl: [everyone], schedule: {every_s: 3600}}
serve: {port: %d}
"""
WAITS = "Ctrl-C stops everything"


@contextmanager
def up(
    root: Path, port: int, **variables: str
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str], Path]]:
    """Run `headwater up` until its block ends, and check that a SIGTERM ends all of it well."""
    (root / "notes").mkdir(exist_ok=True)
    (root / "headwater.yaml").write_text(PROJECT % (served := free_port()))
    env = {**environment(root / "prefect", port), "HEADWATER_PREFECT_PORT": str(port), **variables}
    log = root / "up.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            [str(Path(sys.executable).parent / "headwater"), "up"],
            cwd=root,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: WAITS in log.read_text() or running.poll() is not None, 200, "up")
        assert running.poll() is None, log.read_text()
        assert f"API          http://127.0.0.1:{served}" in log.read_text()
        wait_for(lambda: answers(served), 60, "the API")
        family = psutil.Process(running.pid).children(recursive=True)
        yield running, env, log
    finally:
        if running.poll() is None:
            os.kill(running.pid, signal.SIGTERM)
        running.wait(60)
    assert running.returncode == 0, log.read_text()
    assert log.read_text().endswith("stopping ...\nstopped\n")
    assert not healthy(env["PREFECT_API_URL"])
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).is_success
    except httpx.HTTPError:
        return False


def completed(env: dict[str, str], deployment: str) -> list[dict[str, Any]]:
    """Runs of one deployment alone: at the turn of an hour a schedule may have run another one too."""
    state = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    return ask(env, "flow_runs/filter", {**state, "deployments": {"id": {"any_": [deployment]}}})


@pytest.mark.timeout(600)
def test_up_works_off_schedules_mends_what_dies_and_remembers_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# Level\n\nThe river is low today.\n")
    with up(tmp_path, port) as (running, env, log):
        assert "ingest/small-notes" in log.read_text()
        (one,) = ask(env, "deployments/filter", {"deployments": {"name": {"any_": ["small-notes"]}}})
        httpx.post(f"{env['PREFECT_API_URL']}/deployments/{one['id']}/create_flow_run", json={}, timeout=30)
        wait_for(lambda: completed(env, one["id"]), 120, "a run")

        worker = next(c for c in psutil.Process(running.pid).children() if "worker" in c.cmdline())
        worker.kill()

        wait_for(
            lambda: "the worker ended with status -9; starting it again" in log.read_text(), 20, "a word"
        )
        assert running.poll() is None

    with up(tmp_path, port) as (_, env, _):
        assert len(completed(env, one["id"])) == 1


@pytest.mark.gate
@pytest.mark.timeout(600)
def test_prefect_keeps_its_state_in_postgresql_when_one_variable_says_so(
    tmp_path: Path, database: str
) -> None:
    port = free_port()
    with up(tmp_path, port, HEADWATER_PREFECT_DATABASE=database) as (_, env, _):
        assert len(ask(env, "deployments/filter", {})) > 1
    assert not (tmp_path / "prefect" / "prefect.db").exists()


@pytest.mark.timeout(200)
def test_a_taken_port_ends_it_with_a_clear_line_and_nothing_left_running(tmp_path: Path) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    (tmp_path / "headwater.yaml").write_text(PROJECT % free_port())
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        env = environment(tmp_path / "prefect", server.server_port)
        done = subprocess.run(
            [str(Path(sys.executable).parent / "headwater"), "up"],
            cwd=tmp_path,
            env={**env, "HEADWATER_PREFECT_PORT": str(server.server_port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    assert done.returncode == 4
    assert "the Prefect server ended with status" in done.stderr
    assert "HEADWATER_PREFECT_PORT" in done.stderr
