"""Law 4 under kill -9: whenever a run dies, the next one ends where an unkilled one does, and no reader notices."""

from __future__ import annotations

import json
import os
import queue
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flows.workspace import Workspace
from infra.store import releases
from schemas.tools import Embedder
from tests.flows.projects import Project
from tests.oracle import differences, published
from tests.promises.history import state_at, states

ROOT = Path(__file__).resolve().parents[2]
LASTS_S = {"work": 0.4, "stage": 0.4, "audit": 0.2, "publish": 0.2, "repair": 0.05, "remember": 0.05}
"""How long a phase is thought to last before one has been seen whole."""
SILENCE_S = 120.0


@dataclass(kw_only=True)
class Killer:
    """Starts the ingest again and again, and kills it somewhere in a phase of its choice."""

    project: Project
    seed: int
    chance: random.Random
    step: int = 0
    """The step that is not known to be done."""
    killed_in: Counter[str] = field(default_factory=Counter)
    lasts_s: dict[str, float] = field(default_factory=lambda: dict(LASTS_S))

    def kill(self, target: str) -> None:
        """Let the ingest go on until it is in the target phase, and kill it at a random moment of that."""
        with self.ingesting(self.step, 1_000_000) as (child, lines):
            phase = "start"
            while (phase := self.follow(phase, lines)) != target:
                assert child.poll() is None, f"it ended by itself with {child.returncode}"
            deadline = time.monotonic() + self.chance.random() * self.lasts_s[target]
            while (left := deadline - time.monotonic()) > 0:
                phase = self.follow(phase, lines, left) or phase
            child.kill()
            child.wait()
            while not lines.empty():
                phase = self.follow(phase, lines)
        self.killed_in[phase] += 1

    def finish(self) -> None:
        """Let the ingest of the present step end."""
        with self.ingesting(self.step, self.step) as (child, _):
            assert child.wait(SILENCE_S) == 0

    def follow(self, phase: str, lines: queue.Queue[tuple[float, str]], wait_s: float = SILENCE_S) -> str:
        """Return the next phase the child says it is in, or nothing in that time."""
        started = time.monotonic()
        try:
            at, line = lines.get(timeout=wait_s)
        except queue.Empty:
            assert wait_s < SILENCE_S, f"nothing happened for {SILENCE_S:g} s in phase {phase!r}"
            return ""
        if line.startswith("done "):
            self.step = int(line.split()[1]) + 1
        if phase in self.lasts_s:
            self.lasts_s[phase] += (at - started - self.lasts_s[phase]) / 4 if at > started else 0
        return line

    @contextmanager
    def ingesting(self, first: int, last: int) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[Any]]]:
        """Run the child from one step to another, and give the lines it says with their times."""
        command = [sys.executable, "-m", "tests.promises.dying", self.project.root, self.seed, first, last]
        errors = (self.project.root / "stderr.txt").open("w")
        lines: queue.Queue[tuple[float, str]] = queue.Queue()
        with errors, subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"},
        ) as child:  # fmt: skip
            assert child.stdout is not None

            def read(said: Any = child.stdout) -> None:
                for line in said:
                    lines.put((time.monotonic(), line.strip()))

            listener = threading.Thread(target=read)
            listener.start()
            try:
                yield child, lines
            finally:
                child.kill()
                listener.join()


@contextmanager
def reader(store: str) -> Iterator[dict[str, Any]]:
    """Follow the newest release in another process meanwhile; what it saw is there afterwards."""
    saw: dict[str, Any] = {}
    command = [sys.executable, "-m", "tests.promises.reading", store]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield saw
        finally:
            said, _ = process.communicate()
            saw |= json.loads(said)


def rejected(workspace: Workspace) -> set[tuple[str, ...]]:
    rows = workspace.store.scan("quarantine").to_pylist()
    return {(row["key"], str(row["record"]), row["content_hash"] or "", row["reason"]) for row in rows}


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=[pytest.mark.gate, pytest.mark.timeout(3_600)])])
def test_a_run_killed_at_any_moment_is_as_if_it_had_never_been(
    tmp_path: Path, embedders: dict[str, Embedder], seed: int, kills: int
) -> None:
    project = Project(root=tmp_path, embedders=embedders)
    chance = random.Random(seed)
    killer = Killer(project=project, seed=seed, chance=chance)
    with reader(str(tmp_path / "store")) as saw:
        while killer.killed_in.total() < kills:
            for target in chance.choice([["work"], ["stage"], ["publish"], ["publish", "repair"], ["remember"]]):
                killer.kill(target)
        killer.finish()
    print(f"{killer.killed_in.total()} kills: {dict(killer.killed_in)}; {killer.step + 1} steps; {saw}")

    assert not saw["torn"]
    assert saw["reads"] > kills
    state_at(seed, killer.step).lay_out(project)
    idle = project.ingest()
    assert (idle.run.state, idle.parses, idle.embeddings) == ("unchanged", 0, 0)
    ours = project.open()
    project.settings["store"] = {"uri": "twin"}
    for step, state in enumerate(states(seed)):
        if step > killer.step:
            break
        state.lay_out(project)
        project.ingest(allow_rebuild=True)
    twin = project.open()
    assert [r.release for r in releases.releases(ours.store)] == [r.release for r in releases.releases(twin.store)]
    for release in releases.releases(twin.store):
        assert not differences(published(ours, release.release), published(twin, release.release)), release.release
    assert rejected(ours) == rejected(twin)
    assert not [name for name in ours.store.names() if name.startswith("staging__")]
    assert {"publish", "repair"} < killer.killed_in.keys()
