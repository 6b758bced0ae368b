"""Locks: one publisher per store, one run per source.

On a local disk the kernel frees a dead owner's; on object storage its silence does (`object_lock`).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from infra.store.object_lock import ObjectLock
from infra.store.objects import Objects
from schemas.errors import BusyError, UnwritableError

POLL_S = 0.05
PUBLISH = "publish"
"""The lock that a publisher, a rollback and a healing hold."""
TABLES = "tables"
"""The lock of whoever makes a new table: of two who make one at once, Lance lets the second overwrite it."""
FOLDER = "_locks"


class Place(Protocol):
    """Where locks are: a store."""

    @property
    def uri(self) -> str:
        """The store's folder or prefix."""
        ...

    @property
    def objects(self) -> Objects | None:
        """Its single objects, when it is on object storage."""
        ...


class Held(Protocol):
    """A lock that is held."""

    taken_over: bool
    """Whether its last owner may still believe that it has it."""

    def confirm(self) -> None:
        """Raise ConflictError when somebody else has taken it over."""
        ...


@dataclass(slots=True)
class FileLock:
    """A lock of a local store, which nobody can lose."""

    taken_over: bool = False

    def confirm(self) -> None:
        """Do nothing."""


HELD: ContextVar[tuple[Held, ...]] = ContextVar("HELD", default=())
"""The locks that are held where one looks: a source's, then the publisher's."""


@contextmanager
def locked(store: Place, name: str, *, wait_s: float = 5.0) -> Iterator[Held]:
    """Hold the store's lock of this name, waiting at most `wait_s` for its present owner.

    Raises BusyError naming the owner's process when it does not let go in time, and UnwritableError where
    nothing can be written.
    """
    if store.objects is None:
        acquired = _file_locked(store.uri, name, wait_s)
    else:
        acquired = _object_locked(store.objects, name, wait_s)
    with acquired as held:
        before = HELD.set((*HELD.get(), held))
        try:
            yield held
        finally:
            HELD.reset(before)


def confirm_locks() -> None:
    """Raise ConflictError when a lock that is held here was taken over, its owner silent for too long."""
    for held in HELD.get():
        held.confirm()


def taken(store: Place) -> list[str]:
    """Return the names of all locks that were ever taken."""
    if store.objects is None:
        return sorted(path.stem for path in (Path(store.uri) / FOLDER).glob("*.lock"))
    paths = (path for path, _ in store.objects.sizes(f"{FOLDER}/"))
    return sorted(Path(path).stem for path in paths if path.endswith(".lock"))


def unwritable(root: str, problem: OSError) -> UnwritableError:
    """Return the error for a store in which nothing can be written."""
    return UnwritableError(
        f"the store {root!r} cannot be written: {problem.strerror or problem}",
        fix="give `store.uri` a folder that may be written; `headwater doctor` looks at this one",
    )


@contextmanager
def _object_locked(objects: Objects, name: str, wait_s: float) -> Iterator[Held]:
    lock = ObjectLock(objects=objects, path=f"{FOLDER}/{name}.lock", name=name)
    lock.acquire(wait_s)
    try:
        yield lock
    finally:
        lock.release()


@contextmanager
def _file_locked(root: str, name: str, wait_s: float) -> Iterator[Held]:
    path = Path(root) / FOLDER / f"{name}.lock"
    with _opened(path, root) as lock:
        _acquire(lock.fileno(), path, name, wait_s)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield FileLock()


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
