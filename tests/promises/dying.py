"""A process that ingests step after step of a history and says what it is at, to be killed at any moment.

Run as `python -m tests.promises.dying ROOT SEED STORE`, with the `store` section of a project file in JSON.
It imports what is slow to import, and for every line `FIRST LAST` on stdin forks a child that ingests those
steps. Lines on stdout: `pid N`, what the child is at, `step N`, `done N`, `ended STATUS` when it is no more.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations  # noqa: F401 - seconds to import, and starts no thread that a fork would lose

import infra.store.publish as publishing
from flows.stages import judging, rebuilding, staging
from infra.store import object_lock
from infra.store.repair import Repair
from tests.flows.projects import Project
from tests.promises.history import states
from transforms.suites import judge

T = TypeVar("T")

PHASES = {
    "list": ("list", "work"),
    "stage": ("stage", "work"),
    "audit": ("audit", "compare"),
    "publish": ("lock", "remember"),
}
"""What a run is at when a stage begins, and when it has ended; `repair` and then `publish` are in between."""


LEASE_S = 1.0
"""How long a lock on object storage outlives its owner, instead of half a minute."""


def serve(root: Path, seed: int, store: dict[str, Any]) -> None:
    """Fork a child for each line on stdin."""
    for line in sys.stdin:
        first, last = map(int, line.split())
        pid = os.fork()
        if pid == 0:
            ingest_steps(Project(root=root, embedders={}, settings={"store": store}), seed, first, last)
            os._exit(0)
        say(f"pid {pid}")
        say(f"ended {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


def ingest_steps(project: Project, seed: int, first: int, last: int) -> None:
    """Ingest the steps from `first` to `last`, each from the folder and settings it has."""
    judging.prepare, judging.judged = lambda: None, judge  # its child would start anew with each fork
    staging.BATCH_ITEMS = rebuilding.BATCH_ITEMS = 8  # several batches a run: some are staged when it dies
    publishing.repair = announced("repair", telling_if_it_mended(publishing.repair), "publish")
    object_lock.BEAT_S, object_lock.LEASE_S = LEASE_S / 5, LEASE_S
    for step, state in enumerate(islice(states(seed), last + 1)):
        if step >= first:
            state.lay_out(project)
            say(f"step {step}")
            project.ingest(step=announcing, allow_rebuild=True)
            say(f"done {step}")


def announcing(name: str, stage: Callable[[], T]) -> T:
    """Run a stage, saying so."""
    begins, after = PHASES[name]
    return announced(begins, stage, after)()


def announced(name: str, function: Callable[..., T], after: str) -> Callable[..., T]:
    """Return a function that says when it begins and what comes after it."""

    def saying(*given: object) -> T:
        say(name)
        try:
            return function(*given)
        finally:
            say(after)

    return saying


def telling_if_it_mended(repair: Callable[..., Repair]) -> Callable[..., Repair]:
    """Return the repair, which then also says when there was something to mend."""

    def telling(*given: object) -> Repair:
        found = repair(*given)
        if found:
            say("mended")
        return found

    return telling


def say(what: str) -> None:
    """Tell whoever listens, at once."""
    os.write(1, f"{what}\n".encode())


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
