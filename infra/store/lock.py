"""Locks: one publisher per store, one run per source. The kernel frees a dead owner's."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from schemas.errors import BusyError, ConfigError, UnwritableError

POLL_S = 0.05
PUBLISH = "publish"
"""The lock that a publisher, a rollback and a healing hold."""


@contextmanager
def locked(root: str, name: str, *, wait_s: float = 5.0) -> Iterator[None]:
    """Hold the store's lock of this name, waiting at most `wait_s` for its present owner.

    Raises BusyError naming the owner's process when it does not let go in time, and UnwritableError where
    nothing can be written.
    """
    check_local(root)
    path = Path(root) / "_locks" / f"{name}.lock"
    with _opened(path, root) as lock:
        _acquire(lock.fileno(), path, name, wait_s)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def check_local(root: str) -> None:
    """Raise ConfigError for a store on object storage, where this version has no locks."""
    if "://" in root:
        raise ConfigError(
            f"the store {root!r} is on object storage, where this version has no publish lock",
            fix="use a local path for `store.uri`",
        )


def unwritable(root: str, problem: OSError) -> UnwritableError:
    """Return the error for a store in which nothing can be written."""
    return UnwritableError(
        f"the store {root!r} cannot be written: {problem.strerror or problem}",
        fix="give `store.uri` a folder that may be written; `headwater doctor` looks at this one",
    )


def _opened(path: Path, root: str) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+")
    except OSError as problem:
        raise unwritable(root, problem) from problem


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
