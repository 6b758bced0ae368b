from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra.sandbox.watch import descendants, is_running, kill_all, resident_bytes

FAMILY = """
import subprocess, sys
taken = b"x" * 50_000_000
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


@contextmanager
def family() -> Iterator[tuple[int, int]]:
    """Start a child that has a child in a session of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        try:
            yield parent.pid, int(parent.stdout.readline())
        finally:
            kill_all(parent.pid)


def test_the_whole_family_is_seen_and_ended() -> None:
    with family() as (parent, child):
        assert descendants(parent) == [child]
        assert is_running(parent)
        assert resident_bytes(parent) > 50_000_000 + resident_bytes(child) > 50_000_000

        kill_all(parent)

    assert not is_running(parent)
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:  # killed, and not yet buried by its new parent
        time.sleep(0.01)
    assert not is_running(child)


def test_what_is_gone_uses_nothing() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()

    assert resident_bytes(gone.pid) == 0
    assert descendants(gone.pid) == []
    assert not is_running(gone.pid)


def test_this_program_runs() -> None:
    assert is_running(os.getpid())
