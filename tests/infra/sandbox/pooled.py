"""A pool of children that run what a request names, and what tests ask of it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from infra.sandbox import Failure, Limits, Reply, Sandbox

TARGET = "tests.infra.sandbox.targets:run"
MIB = 2**20
QUICK = Limits(timeout_s=20, memory_bytes=256 * MIB, output_bytes=MIB)

Request = dict[str, Any]


def replies(*requests: Request, limits: Limits = QUICK, workers: int = 1, ahead: int = 4) -> list[Reply]:
    with Sandbox(TARGET, limits=limits, workers=workers) as sandbox:
        return list(sandbox.map(((request, b"content") for request in requests), ahead=ahead))


def only_failure(request: Request, *, limits: Limits = QUICK) -> Failure:
    """Return the failure of one item between two that are unharmed."""
    before, found, after = replies({"do": "echo"}, request, {"do": "echo"}, limits=limits)
    for neighbor in (before, after):
        assert neighbor.value is not None
        assert neighbor.value["text"] == "content"
    assert found.value is None
    assert found.failure is not None
    return found.failure


def children() -> list[int]:
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for tasks in found for pid in tasks.read_text().split()]


def ends(pid: int) -> bool:
    """Wait until a pid is gone or only waits to be collected."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.05)
    return False
