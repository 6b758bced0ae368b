"""Time whole fresh processes, and see how much memory they and their children take."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = Path(os.environ.get("HEADWATER_SHARED", ROOT.parent / "shared"))
REPEATS = int(os.environ.get("HEADWATER_REPEATS", "1"))
SCALE = float(os.environ.get("HEADWATER_SCALE", "1"))
"""Below 1, fewer documents: to see that a row works, not to judge it."""
LARGE = os.environ.get("HEADWATER_LARGE") == "1"
HEADWATER = str(Path(sys.executable).parent / "headwater")
SAMPLE_S = 0.02
TIMEOUT_S = 1_790


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One process from its start to its end."""

    wall_s: float
    out: str
    err: str
    main_mb: float
    """The largest resident memory of the process itself: VmHWM in /proc, read until it ends."""
    children_mb: float
    """The largest sum of its children's resident memory at one moment: VmRSS in /proc.

    A child that is still a copy of the process, before it becomes a program of its own, is not counted.
    """

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def timed(*command: str, cwd: Path, memory: bool = False) -> Timed:
    """Run a program to its end; with `memory`, look at it and its children every 20 ms."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    watch = Watch(process.pid)
    if memory:
        watch.start()
    out, err = process.communicate()
    wall_s = time.perf_counter() - started
    watch.ended.set()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {err[-2000:]}")
    return Timed(wall_s=wall_s, out=out, err=err, main_mb=watch.main_mb, children_mb=watch.children_mb)


def headwater(*arguments: str, cwd: Path, memory: bool = False) -> Timed:
    """Run the `headwater` program in a project's folder."""
    return timed(HEADWATER, *arguments, cwd=cwd, memory=memory)


def script(name: str, *arguments: str | int | Path) -> Timed:
    """Run one of the programs beside this file."""
    return timed(sys.executable, "-m", f"tests.benchmarks.{name}", *map(str, arguments), cwd=ROOT)


def environment() -> dict[str, str]:
    """Return the environment of what is timed: no Prefect API, no hub, the rest as it is."""
    kept = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    return {**kept, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}


def repeated(measure: Callable[[], Timed], times: int = REPEATS) -> list[Timed]:
    """Measure several times."""
    return [measure() for _ in range(times)]


def median_s(runs: list[Timed]) -> float:
    """Return the median of the wall times."""
    return statistics.median(run.wall_s for run in runs)


def forget(project: Path) -> None:
    """Delete a project's store, so that the next ingest is a cold one."""
    shutil.rmtree(project / ".headwater", ignore_errors=True)


def scaled(count: int, least: int = 20) -> int:
    """Return a number of documents at the scale asked for."""
    return max(least, round(count * SCALE))


class Watch(threading.Thread):
    """Looks at the memory of a process and of all below it until `ended` is set."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.main_mb = self.children_mb = 0.0
        self._pid = pid

    def run(self) -> None:
        while not self.ended.wait(SAMPLE_S):
            self.main_mb = max(self.main_mb, _status_mb(self._pid, "VmHWM"))
            own = _command(self._pid)
            children = [pid for pid in _below(self._pid) if _command(pid) not in (own, b"")]
            self.children_mb = max(self.children_mb, sum(_status_mb(pid, "VmRSS") for pid in children))


def _below(pid: int) -> Iterator[int]:
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in file.read_text().split():
                yield int(child)
                yield from _below(int(child))


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _status_mb(pid: int, field: str) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0.0
