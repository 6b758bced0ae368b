"""What the orchestrator bears: sources on schedules for some minutes, with nothing new, and then all at once.

Run as `python -m tests.benchmarks.orchestrator MINUTES SOURCES [EVERY_S [sqlite|postgresql]]`, for example
`60 200` for an hour of 200 sources every 15 minutes. A shorter interval keeps the rate with fewer sources:
`10 40 180` is as many runs a minute. It prints one JSON document.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.flows.deploying import NOTES, OnServer
from tests.flows.prefect_server import ask, prefect_server, program
from tests.postgres import running

IDLE_S = 120.0
"""How long the API is asked before there are schedules, and how long runs have to end after."""
STEADY_S = 330.0
"""Schedules go on so long before anything is measured.

Automations hear a quarter of an hour too late of a run that was planned less than five minutes ahead, so the
watchdog tries in vain to end it. From here on runs were planned an hour ahead.
"""
BURST = 60
PAGE = 200
ASK_EVERY_S = 0.5
SLOWEST_S = 600.0
"""A burst that takes longer is told as far as it got."""


def main(minutes: float, sources: int, every_s: int, database: str) -> dict[str, Any]:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        kept = running() if database == "postgresql" else nullcontext()
        with kept as url, prefect_server(root / "prefect", url) as env:
            project = _project(root, env, sources, every_s)
            project.headwater("ingest", prefect=False)
            return _measured(project, minutes, sources, every_s) | {"database": database}


def _project(root: Path, env: dict[str, str], sources: int, every_s: int) -> OnServer:
    names = [f"s{n:03}" for n in range(sources)]
    settings = {
        "project": "load",
        "sources": {one: {**NOTES, "uri": f"{one}/", "schedule": {"every_s": every_s}} for one in names},
    }
    project = OnServer(root=root, env=env, settings=settings)
    for one in names:
        project.write(f"{one}/a.md", f"# {one}\n\nStation {one} measures the level of river {one}.\n")
    return project


def _measured(project: OnServer, minutes: float, sources: int, every_s: int) -> dict[str, Any]:
    server = psutil.Process(_listener(project.env["PREFECT_API_URL"]))
    log = project.root / "worker.log"
    with program("headwater", "worker", env=project.env, log=log) as worker, _asking(project.env) as asked:
        time.sleep(IDLE_S)
        idle = _latencies(asked)
        project.headwater("deploy")
        time.sleep(STEADY_S)
        asked.clear()
        since, before = datetime.now(UTC), _spent(server, worker.pid)
        time.sleep(minutes * 60)
        until, after = datetime.now(UTC), _spent(server, worker.pid)
        loaded = _latencies(asked)
        time.sleep(IDLE_S)
        runs = _due(project, since, until)
        spent = {who: round(after[who] - before[who], 1) for who in after}
        burst = _burst(project)
    ended = [run for run in runs if run["state_type"] == "COMPLETED"]
    delays = sorted(_seconds(run["expected_start_time"], run["start_time"]) for run in ended)
    rate = len(runs) / minutes
    each = sum(spent.values()) / max(len(ended), 1)
    return {
        "asked": {"minutes": minutes, "sources": sources, "every_s": every_s},
        "runs": len(runs),
        "runs_a_minute": round(rate, 2),
        "states": dict(Counter(run["state_name"] for run in runs)),
        "start_delay_s": _shares(delays),
        "cpu_s": spent,
        "cpu_s_a_run": round(each, 2),
        "runs_a_minute_by_cpu": round(60 * (psutil.cpu_count() or 1) / each, 1) if each else None,
        "burst_runs_a_minute": burst,
        "database_is_locked": _locked(project.root),
        "api_s_idle": idle,
        "api_s_loaded": loaded,
    }


def _due(project: OnServer, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return the runs that were to start in a time, but those that had no minute to."""
    window = {"after_": since.isoformat(), "before_": (until - timedelta(seconds=1)).isoformat()}
    which = {"flow_runs": {"expected_start_time": window}, "limit": PAGE}
    found: list[dict[str, Any]] = []
    while page := ask(project.env, "flow_runs/filter", {**which, "offset": len(found)}):
        found += page
    return [run for run in found if run["auto_scheduled"]]


def _burst(project: OnServer) -> float:
    """Return how many runs a minute end when many are asked for at once."""
    deployments = [one for name, one in project.deployments().items() if name.startswith("ingest/")][:BURST]
    started = time.monotonic()
    runs = [
        project.post(f"deployments/{one['id']}/create_flow_run", {}).raise_for_status().json()["id"]
        for one in deployments
    ]
    with suppress(TimeoutError):
        for run in runs:
            project.ended(run, max(1.0, started + SLOWEST_S - time.monotonic()))
    spent_s = time.monotonic() - started
    done = [run for run in runs if project.flow_run(run)["state_type"] == "COMPLETED"]
    return round(60 * len(done) / spent_s, 1)


@contextmanager
def _asking(env: dict[str, str]) -> Iterator[list[float]]:
    """Ask the Prefect API something all the while, and note how long each answer takes."""
    asked: list[float] = []
    stop = threading.Event()

    def go() -> None:
        while not stop.wait(ASK_EVERY_S):
            started = time.perf_counter()
            try:
                ask(env, "flow_runs/filter", {"limit": 5})
            except httpx.HTTPError:
                asked.append(float("inf"))
            else:
                asked.append(time.perf_counter() - started)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


def _latencies(asked: list[float]) -> dict[str, float]:
    found = _shares(sorted(asked))
    asked.clear()
    return found


def _shares(ordered: list[float]) -> dict[str, float]:
    if not ordered:
        return {}
    last = len(ordered) - 1
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    found = {name: ordered[min(last, int(share * len(ordered)))] for name, share in at.items()}
    return {name: round(value, 3) for name, value in {**found, "mean": statistics.fmean(ordered)}.items()}


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _spent(server: psutil.Process, worker: int) -> dict[str, float]:
    """Return the processor seconds of each part so far, those of runs that have ended included."""
    found = {"server": _cpu_s(server), "worker": 0.0, "runs": 0.0}
    for one in (top := psutil.Process(worker), *top.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times, who = one.cpu_times(), "worker" if "worker" in one.cmdline() else "runs"
            found[who] += times.user + times.system
            found["runs"] += times.children_user + times.children_system
    return found


def _cpu_s(one: psutil.Process) -> float:
    times = one.cpu_times()
    return float(times.user + times.system)


def _listener(url: str) -> int:
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    return next(
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
    )


def _locked(root: Path) -> int:
    return (root / "prefect" / "server.log").read_text(errors="replace").count("database is locked\n")


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    answer = main(float(given[0]), int(given[1]), int(given.get(2, "900")), given.get(3, "postgresql"))
    print(json.dumps(answer, indent=1))
