"""`headwater up`: Prefect's server, a worker and the project's schedules on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.environment import quiet
from infra.project_file import open_project
from schemas.errors import UnavailableError

HOST, PORT = "127.0.0.1", 4200
START_S = 120.0
STOP_S = 5.0
"""What a child has to end by itself, a run in progress included: killed, it leaves nothing half done."""

Say = Callable[[str], None]


def run_until_stopped(project: Path, say: Say) -> None:
    """Start the server and a worker, register the deployments, and wait; a KeyboardInterrupt stops both."""
    from flows.deployments import WORK_POOL, deploy
    from flows.running import prefect_answers

    opened = open_project(project)
    quiet()
    port = os.environ.get("HEADWATER_PREFECT_PORT", str(PORT))
    os.environ.setdefault("PREFECT_HOME", str(opened.root / ".headwater-prefect"))
    os.environ["PREFECT_API_URL"] = f"http://{HOST}:{port}/api"
    with _child("Prefect server", "prefect", "server", "start", "--host", HOST, "--port", port):
        say("starting Prefect's server ...")
        _wait(prefect_answers)
        done = deploy(opened)
        with _child("worker", "prefect", "worker", "start", "--pool", WORK_POOL, "--type", "process"):
            say(f"Prefect UI   http://{HOST}:{port}")
            for row in done["deployments"]:
                say(f"  {row['deployment']:<40} {row['schedule']}")
            say("Ctrl-C stops everything; what is published stays.")
            try:
                signal.pause()
            except KeyboardInterrupt:
                say("stopping ...")
    say("stopped")


@contextmanager
def _child(what: str, *command: str) -> Iterator[None]:
    child = subprocess.Popen(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        time.sleep(0.2)
        if child.poll() is not None:
            raise UnavailableError(
                f"the {what} ended at once with status {child.returncode}",
                fix="free the port, or export HEADWATER_PREFECT_PORT with another",
            )
        yield
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C would leave the children behind
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _wait(answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not answers():
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"Prefect's server did not answer in {START_S:.0f} s", fix="see `prefect server start`"
            )
        time.sleep(0.5)
