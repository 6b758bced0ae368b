"""Killing an ingest at a moment of one's choice, and watching what a reader sees meanwhile."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LASTS_S = {"work": 0.2, "stage": 0.2, "publish": 0.1, "repair": 0.05, "remember": 0.05}
"""How long each phase is thought to last before one has been seen."""
SILENCE_S = 120.0


@dataclass(kw_only=True)
class Killer:
    """Lets an ingest go on until it is in a phase, and kills it there, again and again."""

    root: Path
    seed: int
    chance: random.Random
    store: dict[str, Any]
    """The `store` section of the project file."""
    step: int = 0
    """The first step of the history that is not known to be done."""
    killed_in: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    """How often a repair found something to mend."""
    phase: str = ""
    _lines: queue.Queue[str] = field(default_factory=queue.Queue)
    _since: float = 0.0
    _lasts_s: dict[str, float] = field(default_factory=lambda: dict(LASTS_S))

    @contextmanager
    def ready(self) -> Iterator[Killer]:
        """Start what forks the ingests, and leave nothing running."""
        module, store = "tests.promises.dying", json.dumps(self.store)
        command = [sys.executable, "-m", module, str(self.root), str(self.seed), store]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=os.environ | {"PYTHONPATH": path}, start_new_session=True,
        ) as server:  # fmt: skip
            listener = threading.Thread(target=self._listen, args=(server.stdout,))
            listener.start()
            self._server = server
            try:
                yield self
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGKILL)
                listener.join()

    def kill(self, target: str, *, after: int = 0) -> None:
        """Let the ingest go on until it is in the target phase, and kill it at a random moment of that.

        `after` so many steps; the first of them is the one that the last kill broke off.
        """
        pid, last = self._start(1_000_000), self.step + after
        while self.phase != target or self.step < last:
            assert self._follow(SILENCE_S), f"silent in {self.phase!r}"
            assert not self.phase.startswith("ended"), self.phase
        deadline = time.monotonic() + self.chance.random() * self._lasts_s[target]
        while self._follow(deadline - time.monotonic()):
            pass
        os.kill(pid, signal.SIGKILL)
        while not self.phase.startswith("ended"):
            hit = self.phase
            assert self._follow(SILENCE_S), "it does not end"
        assert self.phase == f"ended {-signal.SIGKILL}"
        self.killed_in[hit.split()[0]] += 1

    def finish(self) -> None:
        """Let the ingest of the present step end by itself."""
        self._start(self.step)
        while not self.phase.startswith("ended"):
            assert self._follow(SILENCE_S), f"silent in {self.phase!r}"
        assert self.phase == "ended 0"

    def _start(self, last: int) -> int:
        self._server.stdin.write(f"{self.step} {last}\n")
        self._server.stdin.flush()
        while not self.phase.startswith("pid"):
            assert self._follow(SILENCE_S), "it does not start"
        return int(self.phase.split()[1])

    def _follow(self, wait_s: float) -> bool:
        """Go to the next phase that is said, if one is within that time."""
        try:
            said = self._lines.get(timeout=max(0.0, wait_s))
        except queue.Empty:
            return False
        if said == "mended":
            self.mended += 1
            return True
        now = time.monotonic()
        if self.phase in self._lasts_s and not said.startswith("ended"):
            self._lasts_s[self.phase] += (now - self._since - self._lasts_s[self.phase]) / 4
        if said.startswith("done"):
            self.step = int(said.split()[1]) + 1
        self.phase, self._since = said, now
        return True

    def _listen(self, said: Any) -> None:
        for line in said:
            self._lines.put(line.strip())


@contextmanager
def reader(store: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Follow the newest release in another process meanwhile; what it saw is there afterwards."""
    saw: dict[str, Any] = {}
    command = [sys.executable, "-m", "tests.promises.reading", json.dumps(store)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            yield saw
        finally:
            said, _ = process.communicate()
            saw |= json.loads(said)
