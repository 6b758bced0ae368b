"""A real Prefect server and worker for a test, on loopback, with a home of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

START_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {
        **kept,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@contextmanager
def program(name: str, *arguments: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        child = subprocess.Popen(
            [str(Path(sys.executable).parent / name), *arguments],
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            with suppress(ProcessLookupError):  # a test may have killed it
                os.killpg(child.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                child.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def prefect_server(home: Path, database: str | None = None) -> Iterator[dict[str, str]]:
    """Yield the environment of programs that talk to a running server, on sqlite or a PostgreSQL database."""
    port = free_port()
    env = environment(home, port)
    if database is not None:
        env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database.replace("://", "+asyncpg://", 1)
    home.mkdir(parents=True, exist_ok=True)
    arguments = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
    with program("prefect", *arguments, env=env, log=home / "server.log"):
        wait_for(lambda: healthy(env["PREFECT_API_URL"]), START_S, "Prefect's server")
        yield env


def healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def wait_for(done: Any, seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := done():
            return found
        time.sleep(1)
    raise TimeoutError(f"{what} did not come in {seconds} s")


def ask(env: dict[str, str], path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(f"{env['PREFECT_API_URL']}/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()  # type: ignore[no-any-return]
