"""`headwater up`: Prefect's server, a worker, the API and the schedules on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from flows.children import Children, Say, children
from flows.environment import DATABASE, quiet
from infra.project_file import Opened, open_project
from schemas.errors import UnavailableError

HOST, PORT = "127.0.0.1", 4200
START_S = 120.0
NAMES = {"worker": "worker", "serve": "API"}


def run_until_stopped(project: Path, say: Say) -> None:
    """Start the server, a worker and the API, register the deployments, and wait for a KeyboardInterrupt.

    Everything Prefect remembers is in `.headwater-prefect` beside the project file, or in the PostgreSQL
    database that HEADWATER_PREFECT_DATABASE names; another start goes on with it. A child that dies is
    started again. Raises UnavailableError when one does not stay up; then the others are stopped too.
    """
    from flows.deployments import deploy
    from flows.running import prefect_answers

    opened = open_project(project)
    port = _environment(opened)
    with children(Path(os.environ["PREFECT_HOME"]) / "logs", say) as mine:
        say("starting Prefect's server ...")
        mine.start("Prefect server", "prefect", "server", "start", "--host", HOST, "--port", port)
        _wait(prefect_answers, mine)
        done = deploy(opened)
        serve = opened.project.serve
        for verb in ("worker", "serve"):
            mine.start(NAMES[verb], "headwater", "--project", str(opened.path), verb)
        say(f"Prefect UI   http://{HOST}:{port}")
        say(f"API          http://{serve.host}:{serve.port}")
        for row in done["deployments"]:
            say(f"  {row['deployment']:<40} {row['schedule']}")
        say("Ctrl-C stops everything; what is published stays.")
        try:
            mine.watch()
        except KeyboardInterrupt:
            say("stopping ...")
    say("stopped")


def _environment(opened: Opened) -> str:
    """Tell the children where the server is and what it keeps where; return its port."""
    quiet()
    port = os.environ.get("HEADWATER_PREFECT_PORT", str(PORT))
    os.environ.setdefault("PREFECT_HOME", str(opened.root / ".headwater-prefect"))
    os.environ["PREFECT_API_URL"] = f"http://{HOST}:{port}/api"
    if url := os.environ.get(DATABASE):
        os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = async_url(url)
    return port


def async_url(url: str) -> str:
    """Return a PostgreSQL URL as Prefect takes it."""
    _, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}"


def _wait(answers: Callable[[], bool], mine: Children) -> None:
    deadline = time.monotonic() + START_S
    while not answers():
        mine.check()
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"Prefect's server did not answer in {START_S:.0f} s", fix="see `prefect server start`"
            )
        time.sleep(0.5)
