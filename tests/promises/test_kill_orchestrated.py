"""Law 4 for deployed work: kill worker, flow or server at any moment, nothing is lost or half published."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from flows.workspace import open_workspace
from tests.flows.deploying import NOTES, OnServer
from tests.flows.own_parsers import PLAIN, SHOUTING
from tests.flows.prefect_server import ask, environment, free_port, healthy, program, wait_for
from tests.oracle import differences, published

PAGES, PARTITION = 12, 3
PARTITIONS = PAGES // PARTITION
KILLS = int(os.environ.get("HEADWATER_KILLS") or 7)
"""In each row; three rows make more than twenty."""
LATER_S = 2.0
"""How long after a part began it may be killed: about as long as it takes with its publish."""
RETRIES = 3
PARSERS = (SHOUTING, PLAIN)


@dataclass(kw_only=True)
class Machine:
    """A server and a worker that are started again when they were killed."""

    root: Path
    database: str
    """PostgreSQL: on sqlite a busy machine's server refuses requests, killed or not."""
    env: dict[str, str] = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)
    _programs: dict[str, psutil.Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.env = environment(self.root / "prefect", self.port)
        self.env["PREFECT_WORKER_HEARTBEAT_SECONDS"] = "5"
        self.env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.database.replace("://", "+asyncpg://", 1)

    def start(self, what: str) -> None:
        """Start the server or the worker."""
        (self.root / "prefect").mkdir(exist_ok=True)
        name, *arguments = (
            ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port))
            if what == "server"
            else ("headwater", "worker", "--limit", "2")
        )
        log = self.root / f"{what}-{time.monotonic_ns()}.log"
        child = self._stack.enter_context(program(name, *arguments, env=self.env, log=log))
        self._programs[what] = psutil.Process(child.pid)
        if what == "server":
            wait_for(lambda: healthy(self.env["PREFECT_API_URL"]), 120, "the server")

    def kill(self, what: str) -> None:
        """Kill the server, the worker, or the program of the flow run that is going on."""
        self._found(what).send_signal(signal.SIGKILL)
        if what != "flow":
            self._programs[what].wait(10)
            self.start(what)

    def kill_all_that_could_tell(self) -> None:
        """Kill the worker and what it started, and start another."""
        worker = self._programs["worker"]
        for one in (worker, *worker.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # some die with their parent
                one.send_signal(signal.SIGKILL)
        worker.wait(10)
        self.start("worker")

    def running(self) -> bool:
        """Whether a flow run is going on."""
        return bool(self._forked())

    def _found(self, what: str) -> psutil.Process:
        return self._forked()[0] if what == "flow" else self._programs[what]

    def _forked(self) -> list[psutil.Process]:
        warm = [one for one in self._programs["worker"].children() if "flows.work.forking" in one.cmdline()]
        return [one for parent in warm for one in parent.children()]

    def stop(self) -> None:
        self._stack.close()


@contextmanager
def machine(root: Path, database: str) -> Iterator[Machine]:
    here = Machine(root=root, database=database)
    try:
        here.start("server")
        here.start("worker")
        yield here
    finally:
        here.stop()


def use(project: OnServer, parser: str) -> None:
    project.settings["sources"] = {"notes": {**NOTES, "parsers": {"text/markdown": parser}}}


@pytest.mark.gate
@pytest.mark.timeout(600 + 240 * KILLS)
@pytest.mark.parametrize("what", ["flow", "worker", "server"])
def test_a_backfill_whose_orchestrator_is_killed_ends_as_an_unkilled_one(
    tmp_path: Path, what: str, seed: int, database: str
) -> None:
    chance = random.Random(f"{seed} {what}")
    ended: Counter[str] = Counter()
    with machine(tmp_path, database) as here:
        project = OnServer(root=tmp_path, env=here.env, settings={"project": "killed"})
        for n in range(PAGES):
            text = f"# Station {n}\n\nStation {n} measures the level of river {n}.\n"
            project.write(f"notes/p{n:02}.md", text)
        use(project, PLAIN)
        project.headwater("ingest", prefect=False)
        for attempt in range(2 * KILLS):
            use(project, PARSERS[attempt % 2])
            project.headwater("deploy")
            began = time.monotonic()
            run = project.run("ingest/killed-notes", backfill={"partition_items": PARTITION})
            wait_for(here.running, 90, "the run")
            _wait_for_parts(here, project, run, chance.randrange(PARTITIONS + 1))
            time.sleep(chance.random() * LATER_S)
            begun = len(_parts(project, run))
            if project.flow_run(run)["state_type"] != "RUNNING":
                ended["before the kill"] += 1
                assert _ended(project, run) == "COMPLETED"
                continue
            here.kill(what)
            state = _ended(project, run)
            tries = 0 if state == "COMPLETED" else _retried(project, run)
            ended[state] += 1
            project.headwater("release", "verify", prefect=False)
            assert _each_once(project, run)
            took = f"{time.monotonic() - began:.0f} s from its start to its end"
            told = f"kill {n_killed(ended)} with {begun} of {PARTITIONS} parts begun: {state}"
            sys.stdout.write(f"{told}, retries: {tries}, {took}\n")
            if n_killed(ended) == KILLS:
                break
        sys.stdout.write(f"{n_killed(ended)} kills of the {what}: {dict(ended)}\n")
        assert n_killed(ended) == KILLS
        assert project.headwater("ingest", prefect=False)["state"] == "unchanged"

        ours = published(open_workspace(tmp_path / "headwater.yaml"))
        project.settings["store"] = {"uri": "twin"}
        project.headwater("ingest", prefect=False)
        assert differences(ours, published(open_workspace(tmp_path / "headwater.yaml"))) == []


@pytest.mark.gate
@pytest.mark.timeout(900)
def test_a_run_that_nobody_is_left_to_report_is_marked_crashed_and_redone(
    tmp_path: Path, database: str
) -> None:
    with machine(tmp_path, database) as here:
        project = OnServer(root=tmp_path, env=here.env, settings={"project": "silent"})
        for n in range(PAGES):
            project.write(f"notes/p{n:02}.md", f"# Station {n}\n\nIt measures the level of river {n}.\n")
        use(project, PLAIN)
        project.headwater("ingest", prefect=False)
        use(project, SHOUTING)
        project.headwater("deploy")
        slow = {"partition_items": PARTITION, "items_per_minute": 4}
        run = project.run("ingest/silent-notes", backfill=slow)
        wait_for(lambda: len(project.headwater("release", "list", prefect=False)) > 1, 120, "its first part")

        here.kill_all_that_could_tell()
        killed_at = time.monotonic()

        assert _ended(project, run) == "CRASHED"
        sys.stdout.write(f"marked as crashed after {time.monotonic() - killed_at:.0f} s\n")
        assert "not heard of for 90 s" in project.flow_run(run)["state"]["message"]
        redone = project.run("ingest/silent-notes", backfill={"partition_items": PARTITION})
        assert project.ended(redone, 300)["state_type"] == "COMPLETED"
        assert project.headwater("ingest", prefect=False)["state"] == "unchanged"


def n_killed(ended: Counter[str]) -> int:
    """Return how many runs were killed."""
    return ended.total() - ended["before the kill"]


def _parts(project: OnServer, run: str) -> list[dict[str, Any]]:
    """Return the child runs of a run."""
    return ask(project.env, "flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [run]}}})


def _wait_for_parts(here: Machine, project: OnServer, run: str, wanted: int) -> None:
    """Wait until so many parts of a run have begun, or it is over."""
    wait_for(lambda: len(_parts(project, run)) >= wanted or not here.running(), 120, f"{wanted} parts")


def _each_once(project: OnServer, run: str) -> bool:
    """Hold a run's parts to one child run each, every one of them completed in the end."""
    parts = [(part["name"], part["state_type"]) for part in _parts(project, run)]
    names = [f"partition {n} of {PARTITIONS} of notes" for n in range(1, PARTITIONS + 1)]
    assert sorted(parts) == [(name, "COMPLETED") for name in names]
    return True


def _ended(project: OnServer, run: str) -> str:
    """Wait until a run is done or reported as dead; the server may be starting meanwhile."""

    def look() -> str | None:
        try:
            found = project.flow_run(run)["state_type"]
        except httpx.HTTPError:
            return None
        return str(found) if found in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

    return str(wait_for(look, 300, "the run's end"))


def _retried(project: OnServer, run: str) -> int:
    """Press Retry and see the run done; again, where what was left of the killed one was still at it."""
    again: dict[str, Any] = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}}
    for tries in range(1, RETRIES + 1):
        project.post(f"flow_runs/{run}/set_state", again).raise_for_status()
        if _ended(project, run) == "COMPLETED":
            return tries
    raise AssertionError(f"{RETRIES} retries did not end well: {project.flow_run(run)['state']}")
