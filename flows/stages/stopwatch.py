"""A stopwatch: how long each part of an answer took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Stopwatch:
    """Tells the milliseconds between laps."""

    def __init__(self) -> None:
        self.timings_ms: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, part: str) -> None:
        """Note what passed since the last lap as the time of a part."""
        now = time.perf_counter()
        self.timings_ms[part], self._last = round(1_000 * (now - self._last), 3), now

    def timing(self, part: str, call: Callable[[], T]) -> Callable[[], T]:
        """Return a call that notes how long it took, within the lap that is under way."""

        def timed() -> T:
            started = time.perf_counter()
            answer = call()
            self.timings_ms[part] = round(1_000 * (time.perf_counter() - started), 3)
            return answer

        return timed
