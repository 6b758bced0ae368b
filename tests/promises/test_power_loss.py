"""Law 4 under a power cut: every release whose publishing had returned is there, and every table opens."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lancedb
import pytest

from infra.store import Store, releases
from infra.store.heal import heal
from infra.store.logs import quarantine
from infra.store.staging import Staging
from tests.infra.store.rows import CHUNKS
from tests.promises.disk import formatted, mounted, skip_without_disks
from tests.promises.releasing import log, release, state

ROOT = Path(__file__).resolve().parents[2]
SIZE_MB = 256
CUTS_A_DISK = 10
BETWEEN_S = 2.0
READY_S = 120.0


class Publisher:
    """Another process that publishes, and how far it said that it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.released = 0
        self.ready = threading.Event()
        self._process = process
        threading.Thread(target=self._listen, daemon=True).start()

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            word, *number = line.split()
            self.ready.set()
            self.released = int(number[0]) if word == "released" else self.released


@contextmanager
def publisher(store: Path, seed: int) -> Iterator[Publisher]:
    command = [sys.executable, "-m", "tests.promises.releasing", str(store), str(seed)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}
    ) as process:
        try:
            found = Publisher(process)
            assert found.ready.wait(READY_S)
            yield found
        finally:
            process.kill()


def unreadable(store: Path) -> list[str]:
    """The tables that exist and of which not every row can be read."""
    found = []
    for name in [path.stem for path in store.glob("*.lance") if any(path.glob("_versions/*"))]:
        try:
            lancedb.connect(store).open_table(name).search().limit(None).to_arrow()
        except (RuntimeError, ValueError, OSError):
            found.append(name)
    return found


def texts(store: Store, number: int) -> tuple[dict[str, str], dict[str, str]]:
    """The text of each document of a release, as its documents and as its chunks have it."""
    tables = releases.get(store, number).tables
    of_documents = store.scan("documents", ["key", "text"], version=tables["documents"].version).to_pylist()
    of_chunks = store.scan(CHUNKS, ["key", "text"], version=tables[CHUNKS].version).to_pylist()
    return {row["key"]: row["text"] for row in of_documents}, {row["key"]: row["text"] for row in of_chunks}


def check(folder: Path, released: int, seed: int, *, by_hand: bool, chance: random.Random) -> dict[str, int]:
    """Start up again on what a power cut left; count what was damaged."""
    damaged = unreadable(folder)
    store = Store(folder)
    if by_hand:
        heal(store)
    current = releases.current(store)
    newest = current.release if current else 0
    assert newest >= released, f"release {released} is lost, {newest} is the newest"
    for number in {newest, chance.randint(1, newest)} if newest else ():
        assert texts(store, number) == (state(seed, number), state(seed, number)), f"release {number}"
    logged = {int(row["key"]) for row in quarantine(store).to_pylist()}
    assert logged >= set(range(1, released)), "rows that were logged before the last release"

    Staging(store, "s")
    assert not unreadable(folder)
    made = release(store, seed, newest + 1)
    log(store, made.release)
    assert made.release == newest + 1
    assert texts(store, made.release) == (state(seed, made.release), state(seed, made.release))
    assert not unreadable(folder)
    kinds = Counter(name.split("__")[0] for name in damaged)
    return {"cuts": 1, "damaged": bool(damaged), "set aside": (folder / "_lost").exists(), **kinds}


@pytest.mark.parametrize(
    "cuts", [10, pytest.param(100, marks=[pytest.mark.gate, pytest.mark.timeout(3_600)])]
)
def test_a_power_cut_takes_no_release_and_leaves_every_table_readable(
    tmp_path: Path, seed: int, cuts: int
) -> None:
    skip_without_disks(tmp_path)
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    while counts["cuts"] < cuts or not counts["damaged"]:  # without damage there is nothing to see
        with formatted(tmp_path, size_mb=SIZE_MB) as disk, publisher(disk.folder / "store", seed) as running:
            for _ in range(CUTS_A_DISK):
                time.sleep(BETWEEN_S * chance.random())
                released = running.released
                while not disk.copy(tmp_path / "copy"):
                    released = running.released
                assert running.is_alive()
                with mounted(tmp_path / "copy", tmp_path / "after") as after:
                    by_hand = bool(counts["cuts"] % 2)
                    counts.update(
                        check(after.folder / "store", released, seed, by_hand=by_hand, chance=chance)
                    )
                counts["released"] = max(counts["released"], released)
    print(dict(counts))
