"""Admission: so many requests are worked on, so many wait for so long, and whoever is over that is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from schemas.counts import count
from schemas.errors import OverloadedError, RateError
from schemas.section import duration_s
from schemas.serve import ServeSection

AGAIN = "try again later, as Retry-After says"


class Admission:
    """Counts of one event loop; nothing here blocks."""

    def __init__(self, section: ServeSection) -> None:
        self.section = section
        self.working = 0
        self.waiting = 0
        self._turns = asyncio.Semaphore(section.concurrency)
        self._open: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises OverloadedError where the queue is full or too slow."""
        if self._turns.locked() and self.waiting >= self.section.queue:
            raise OverloadedError(f"waiting already: {count(self.waiting, 'request')}", fix=AGAIN)
        self.waiting += 1
        try:
            async with asyncio.timeout(duration_s(self.section.queue_wait)):
                await self._turns.acquire()
        except TimeoutError:
            raise OverloadedError(f"no turn came in {self.section.queue_wait}", fix=AGAIN) from None
        finally:
            self.waiting -= 1
        self.working += 1
        try:
            yield
        finally:
            self.working -= 1
            self._turns.release()

    @contextmanager
    def one_more_of(self, key: str | None) -> Iterator[None]:
        """Hold one of a key's open requests. Raises RateError where it has as many as it may."""
        if key is None:
            yield
            return
        if self._open[key] >= self.section.per_key:
            theirs = count(self._open[key], "request")
            raise RateError(f"the key {key!r} has {theirs} open already", fix=AGAIN)
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
