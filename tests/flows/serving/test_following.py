"""A server follows releases: whatever is published beside it makes no error and no mixed answer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.tools import Embedder
from tests.flows.projects import Project
from tests.flows.serving.publishing import STEP, write
from tests.flows.serving.running import Running, running

ROOT = Path(__file__).parents[3]
QUESTION = "What does the sensor of station 3 cost?"
READERS = 2
PAUSE_S = 0.02
"""Between two questions of a reader: the publisher is to get on too."""


@dataclass
class Seen:
    """What the readers were answered: releases in the order of each reader, generations by release."""

    answers: int = 0
    pinned: set[int] = field(default_factory=set)
    generations: dict[int, set[int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, found: Any, *, pinned: bool) -> None:
        """Note the generations that an answer shows, in its citations and in its messages."""
        said = [citation["quote"] for citation in found["citations"]] + [found["messages"][-1]["content"]]
        prices = [int(price) for text in said for price in re.findall(r"costs (\d+) euros", text)]
        of = {price // STEP for price in prices}
        with self.lock:
            self.answers += 1
            if pinned:
                self.pinned |= of
            else:
                self.generations.setdefault(found["release"], set()).update(of)
            if len(of) != 1:
                self.problems.append(f"release {found['release']} shows generations {of}")


def read(server: Running, seen: Seen, stop: threading.Event) -> None:
    """Ask until it is enough, every other time at release 1."""
    newest = 0
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for n in range(1_000_000):
            if stop.wait(PAUSE_S):
                return
            pinned = n % 2 == 1
            answer = client.post(
                "/v1/context", json={"question": QUESTION} | ({"release": 1} if pinned else {})
            )
            if answer.status_code != 200:
                seen.problems.append(answer.text)
                continue
            found = answer.json()
            seen.take(found, pinned=pinned)
            if not pinned and found["release"] < newest:
                seen.problems.append(f"release {found['release']} after {newest}")
            newest = newest if pinned else found["release"]


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(20, marks=[pytest.mark.gate, pytest.mark.timeout(1_800)])]
)
def test_publishing_beside_it_makes_no_error_and_no_answer_of_two_releases(
    rounds: int, tmp_path: Path, embedders: dict[str, Embedder]
) -> None:
    project = Project(root=tmp_path / "project", embedders=embedders)
    write(project, 0)
    project.ingest()
    seen, stop = Seen(), threading.Event()
    with running(project.open()) as server:
        readers = [threading.Thread(target=read, args=(server, seen, stop)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        try:
            publisher = [
                sys.executable,
                "-m",
                "tests.flows.serving.publishing",
                str(project.root),
                str(rounds),
            ]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                publisher, env=environment, capture_output=True, text=True, check=False, timeout=1_700
            )
        finally:
            stop.set()
            for reader in readers:
                reader.join()
        last = server.ask(QUESTION)["release"]

    assert done.returncode == 0, done.stderr
    told = {1: 0} | {int(release): int(of) for release, of in map(str.split, done.stdout.splitlines())}
    assert seen.problems == []
    assert seen.pinned == {0}
    assert {release: {told[release]} for release in seen.generations} == seen.generations
    assert last == max(told)
    assert len(seen.generations) > rounds, "the readers saw too few releases to prove anything"
