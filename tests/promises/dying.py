"""A process that ingests step after step of a history and says what it is at, to be killed at any moment.

Run as `python -m tests.promises.dying ROOT SEED`. It imports what is slow to import, and for every line
`FIRST LAST` on stdin forks a child that ingests those steps. Lines on stdout: `pid N`, what the child is at,
`step N`, `done N`, and `ended STATUS` when it is no more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations  # noqa: E402, F401 - seconds to import, and starts no thread that a fork would lose

import infra.store.publish as publishing  # noqa: E402
from flows.stages import rebuilding, staging  # noqa: E402
from tests.flows.projects import Project  # noqa: E402
from tests.promises.history import states  # noqa: E402

T = TypeVar("T")

AFTER = {"list": "work", "stage": "work", "audit": "compare", "publish": "remember"}
"""What a run is at when a stage has ended."""


def serve(root: Path, seed: int) -> None:
    """Fork a child for each line on stdin."""
    for line in sys.stdin:
        first, last = map(int, line.split())
        pid = os.fork()
        if pid == 0:
            ingest_steps(root, seed, first, last)
            os._exit(0)
        say(f"pid {pid}")
        say(f"ended {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


def ingest_steps(root: Path, seed: int, first: int, last: int) -> None:
    """Ingest the steps from `first` to `last`, each from the folder and settings it has."""
    staging.BATCH_ITEMS = rebuilding.BATCH_ITEMS = 8  # several batches a run: some are staged when it dies
    publishing.repair = announced("repair", publishing.repair, "publish")
    project = Project(root=root, embedders={})
    for step, state in enumerate(islice(states(seed), last + 1)):
        if step >= first:
            state.lay_out(project)
            say(f"step {step}")
            project.ingest(step=announcing, allow_rebuild=True)
            say(f"done {step}")


def announcing(name: str, stage: Callable[[], T]) -> T:
    """Run a stage, saying so."""
    return announced(name, stage, AFTER[name])()


def announced(name: str, function: Callable[..., T], after: str) -> Callable[..., T]:
    """Return a function that says when it begins and what comes after it."""

    def saying(*given: object) -> T:
        say(name)
        try:
            return function(*given)
        finally:
            say(after)

    return saying


def say(what: str) -> None:
    """Tell whoever listens, at once."""
    os.write(1, f"{what}\n".encode())


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
