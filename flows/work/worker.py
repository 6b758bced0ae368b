"""The worker: Prefect's own, but that its runs are forked from a warm program instead of started cold."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

CLIENT = Path(__file__).with_name("fork_client.py")
READY_S = 120.0
SOCKET = "HEADWATER_FORKING"
"""Names the warm program's socket to what this worker starts."""


class ForkedRun(ProcessJobConfiguration):
    """How a run is started: by the warm program's client, unless its deployment names another command."""

    def prepare_for_flow_run(self, *given: Any, **named: Any) -> None:
        """Fill in the command."""
        if self.command is None and (path := os.environ.get(SOCKET)):
            self.command = command_to_string([sys.executable, "-I", "-S", str(CLIENT), path])
        super().prepare_for_flow_run(*given, **named)


class Slots:
    """Limits how many runs go on at once, as Prefect's own limiter does, but for a run that is retried.

    When its retry is due before its slot is free, Prefect's raises an error that ends the worker. Here the
    retry waits.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: set[object] = set()

    @property
    def borrowed_tokens(self) -> int:
        """How many runs go on."""
        return len(self._taken)

    def acquire_on_behalf_of_nowait(self, run: object) -> None:
        """Take a slot for a run. Raises WouldBlock when none is free, or its last still is not."""
        if run in self._taken or len(self._taken) >= self._limit:
            raise anyio.WouldBlock
        self._taken.add(run)

    def release_on_behalf_of(self, run: object) -> None:
        """Free a run's slot. Raises RuntimeError when it has none."""
        if run not in self._taken:
            raise RuntimeError(f"run {run} has no slot")
        self._taken.remove(run)


class ForkingWorker(ProcessWorker):
    """Prefect's worker for pools of type `process`, but for how it starts a run."""

    job_configuration = ForkedRun

    @classmethod
    def __dispatch_key__(cls) -> str | None:
        """Return a name of its own: `prefect worker start` goes on starting Prefect's."""
        return "headwater"

    async def setup(self) -> None:
        """Prepare to run, with slots that a retry cannot trip over."""
        await super().setup()
        if self._limit is not None:
            self._limiter = Slots(self._limit)  # type: ignore[assignment] # what the worker uses of a limiter


@contextmanager
def warm() -> Iterator[None]:
    """Have a warm program beside this one; where the system has no pidfd, runs are started cold instead."""
    if not hasattr(os, "pidfd_open"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="headwater-") as folder:
        path = Path(folder) / "fork"
        command = [sys.executable, "-m", "flows.work.forking", str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            _wait_for(path, child)
            os.environ[SOCKET] = str(path)
            try:
                yield
            finally:
                del os.environ[SOCKET]
                assert child.stdin is not None  # noqa: S101 - a pipe was asked for
                child.stdin.close()


def _wait_for(path: Path, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while not path.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


async def work(pool: str, *, limit: int) -> None:
    """Run what is scheduled in a pool, at most so many at once, until this is stopped."""
    with warm():
        worker = ForkingWorker(work_pool_name=pool, limit=limit)
        await worker.start()
