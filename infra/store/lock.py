"""Locks: one publisher per store, one run per source. The kernel frees a dead owner's."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import BusyError, StoreError

POLL_S = 0.05
PUBLISH = "publish"
"""The lock that a publisher, a rollback and a healing hold."""


@contextmanager
def locked(root: str, name: str, *, wait_s: float = 5.0) -> Iterator[None]:
    """Hold the store's lock of this name, waiting at most `wait_s` for its present owner.

    Raises BusyError naming the owner's process when it does not let go in time.
    """
    if "://" in root:
        raise StoreError(
            f"the store {root!r} is on object storage, where this version has no publish lock",
            fix="use a local path for `store.uri`",
        )
    path = Path(root) / "_locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        _acquire(lock.fileno(), path, name, wait_s)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _acquire(descriptor: int, path: Path, name: str, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"{name!r} is being written by process {path.read_text().strip() or 'unknown'}",
                    fix="wait for that run to end, then try again",
                ) from None
            time.sleep(POLL_S)
        else:
            return
