"""A process that ingests step after step of a history and says what it is at, to be killed at any moment.

Run as `python -m tests.promises.dying ROOT SEED FIRST LAST`; a line on stdout is `phase`, `step N` or `done N`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar

import infra.store.publish as publishing
from flows.stages import rebuilding, staging
from tests.flows.projects import Project
from tests.promises.history import states

T = TypeVar("T")

AFTER = {"list": "work", "stage": "work", "audit": "compare", "publish": "remember"}
"""What a run is at when a stage has ended."""


def main(root: Path, seed: int, first: int, last: int) -> None:
    """Ingest the steps from `first` to `last`, each from the state its folder and settings are in."""
    staging.BATCH_ITEMS = rebuilding.BATCH_ITEMS = 8  # several batches a run: some are staged when it dies
    publishing.repair = _announced("repair", publishing.repair, "publish")
    project = Project(root=root, embedders={})
    for step, state in enumerate(islice(states(seed), last + 1)):
        if step >= first:
            state.lay_out(project)
            say(f"step {step}")
            project.ingest(step=announcing, allow_rebuild=True)
            say(f"done {step}")


def announcing(name: str, stage: Callable[[], T]) -> T:
    """Run a stage, saying so."""
    return _announced(name, stage, AFTER[name])()


def say(what: str) -> None:
    """Tell the parent, at once."""
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


def _announced(name: str, function: Callable[..., T], after: str) -> Callable[..., T]:
    def announced(*given: object) -> T:
        say(name)
        try:
            return function(*given)
        finally:
            say(after)

    return announced


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
