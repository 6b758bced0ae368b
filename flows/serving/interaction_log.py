"""The log of what was served: taken in at once, written in batches by a thread, off the path of requests."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from flows.serving.metrics import Metrics
from flows.stages.interactions import Interaction

LOG = logging.getLogger("headwater.serving")
FLUSH_S = 2.0
"""A crash loses what was served in so many seconds; a commit each is the price of less."""
BATCH = 200
PENDING = 5_000
"""Entries that wait at most; about 30 kB each."""
TRIES = 3
PAUSE_S = 1.0
STOP_S = 20.0


Write = Callable[[Sequence[Interaction]], Any]


class InteractionLog:
    """Takes entries from any thread and hands them to `write` in batches; what it must drop, it counts."""

    def __init__(self, write: Write, metrics: Metrics, *, pending: int = PENDING) -> None:
        self._write, self._metrics = write, metrics
        self._most = pending
        self._waiting: deque[Interaction] = deque()
        self._writing: Sequence[Interaction] = ()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="interaction-log", daemon=True)
        metrics.pending.set_function(lambda: len(self._waiting) + len(self._writing))

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def add(self, entry: Interaction) -> None:
        """Take an entry in; where too many wait already, it is dropped and counted."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self._metrics.dropped.labels("full").inc()
                return
            self._waiting.append(entry)
            if len(self._waiting) >= BATCH:
                self._changed.notify()

    def find(self, context_id: str) -> Interaction | None:
        """Return an entry that is not written yet."""
        with self._changed:
            entries = [*self._writing, *self._waiting]
        return next((entry for entry in entries if entry.context.context_id == context_id), None)

    def stop(self) -> None:
        """Write what waits and end; what cannot be written in time is dropped and counted."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(STOP_S)
        left = len(self._waiting) + len(self._writing)
        if left:
            self._metrics.dropped.labels("failed").inc(left)
            LOG.error("%d interactions could not be logged before the end", left)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._stopping and len(self._waiting) < BATCH:
                    self._changed.wait(FLUSH_S)
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                self._writing = batch
                done = self._stopping and not batch
            if done:
                return
            if batch:
                self._put(batch)
            with self._changed:
                self._writing = ()

    def _put(self, batch: Sequence[Interaction]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._write(batch)
            except Exception:
                LOG.exception("interactions could not be logged, try %d of %d", attempt, TRIES)
                time.sleep(0 if self._stopping else PAUSE_S * attempt)
            else:
                self._metrics.logged.inc(len(batch))
                return
        self._put_singly(batch)

    def _put_singly(self, batch: Sequence[Interaction]) -> None:
        """Write what can be written of a batch that cannot: one entry does not cost the others."""
        for entry in batch:
            try:
                self._write([entry])
            except Exception:  # noqa: BLE001 - it was logged with the batch
                self._metrics.dropped.labels("failed").inc()
            else:
                self._metrics.logged.inc()
