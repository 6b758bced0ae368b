"""A lock that is an object: whoever writes it conditionally has it, and keeps it by writing it again.

Its owner renews it every few seconds. Who waits watches it by a clock of his own, so that no two machines'
clocks are compared: an owner that was silent for a whole lease is dead, and its lock is taken over. One that
only slept learns it at its next renewal, and what it still tries to commit fails (`repair.fence`).
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from infra.store.objects import Found, Objects
from schemas.errors import BusyError, ConflictError, StoreError, UnavailableError

BEAT_S, LEASE_S = 5.0, 30.0
POLL_S, SLOWEST_POLL_S = 0.1, 1.0
CHECKED: set[str] = set()
"""Stores on which this process has seen that conditions are kept."""


@dataclass(kw_only=True)
class ObjectLock:
    """One lock, as its owner or whoever waits for it sees it."""

    objects: Objects
    path: str
    name: str
    taken_over: bool = False
    """Whether its last owner had died, or slept."""
    _lost: bool = False
    _owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _beat: int = 0
    _etag: str = ""
    _renewed_at: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    def acquire(self, wait_s: float) -> None:
        """Take the lock. Raises BusyError when its owner is alive and does not let go in time.

        Who is silent is waited for beyond that time: to the end of its lease.
        """
        started = time.monotonic()
        seen, seen_at, alive, poll_s = "", started, False, POLL_S
        while True:
            found, now = self.objects.read(self.path), time.monotonic()
            if found is not None and found.etag != seen:
                alive = alive or bool(seen)
                seen, seen_at = found.etag, now
            if self._taken(found, now - seen_at):
                break
            if found is not None and alive and now - started >= wait_s:
                raise BusyError(
                    f"{self.name!r} is being written by {_holder(found.content)}",
                    fix="wait for that run to end, then try again",
                )
            time.sleep(poll_s)
            poll_s = min(SLOWEST_POLL_S, poll_s * 1.5)
        self._check_conditions()
        threading.Thread(target=self._keep, name=f"lock {self.name}", daemon=True).start()

    def release(self) -> None:
        """Let the lock go; it stays where it is, so that nobody can delete another's."""
        self._ended.set()
        with self._renewing:
            if not self._lost:
                try:
                    self.objects.replace(self.path, self._said(owner=""), self._etag)
                except UnavailableError:
                    return  # whoever comes next waits for the end of the lease

    def confirm(self) -> None:
        """Renew the lock now. Raises ConflictError when somebody else has it, or may have it."""
        self._renew()
        if self._lost:
            raise ConflictError(
                f"the lock {self.name!r} was taken over: this run was silent for {LEASE_S:g} s or longer",
                fix="run it again; what is staged is taken up",
                state="the last release goes on serving",
            )

    def _taken(self, found: Found | None, silent_s: float) -> bool:
        mine, at = self._said(owner=self._owner), time.monotonic()
        if found is None:
            etag = self.objects.create(self.path, mine)
        else:
            said = _read(found.content)
            owned = bool(said.get("owner"))
            if owned and silent_s <= float(said.get("lease_s", LEASE_S)):
                return False
            self.taken_over = owned
            etag = self.objects.replace(self.path, mine, found.etag)
        etag = etag or self._landed(mine)
        if etag is None:
            return False
        self._etag, self._renewed_at = etag, at
        return True

    def _keep(self) -> None:
        while not self._ended.wait(BEAT_S) and not self._lost:
            self._renew()

    def _renew(self) -> None:
        with self._renewing:
            if self._lost or self._ended.is_set():
                return
            self._beat += 1
            mine, at = self._said(owner=self._owner), time.monotonic()
            try:
                etag = self.objects.replace(self.path, mine, self._etag) or self._landed(mine)
            except UnavailableError:
                self._lost = at - self._renewed_at > LEASE_S
                return
            self._lost = etag is None
            self._etag, self._renewed_at = etag or "", at

    def _landed(self, mine: bytes) -> str | None:
        """Return the tag of what was written although the answer was lost on its way, or None."""
        found = self.objects.read(self.path)
        return found.etag if found is not None and found.content == mine else None

    def _check_conditions(self) -> None:
        """A server that does not look at conditions would let two publishers in: it is refused."""
        if self.objects.uri in CHECKED:
            return
        if not self.objects.keeps_conditions(self.path):
            raise StoreError(
                f"the object storage of {self.objects.uri!r} overwrites what exists where it was told not to",
                fix="use one that keeps conditional writes (If-None-Match, If-Match), as S3 does",
            )
        CHECKED.add(self.objects.uri)

    def _said(self, *, owner: str) -> bytes:
        said = {"owner": owner, "beat": self._beat, "lease_s": LEASE_S, "of": self._owner}
        return json.dumps(said | {"host": platform.node(), "pid": os.getpid()}).encode()


def _read(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _holder(content: bytes) -> str:
    said = _read(content)
    return f"process {said.get('pid', 'unknown')} on {said.get('host', 'an unknown machine')}"
