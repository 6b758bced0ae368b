"""What is kept in memory of what cannot change: bounded, the one used longest ago goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by key, together at most `room`; may be used by several threads.

    `size` says how much of the room a value takes; without it each takes one. Two threads that miss the same
    key both make it, which costs time and nothing else: what is kept is of a version, and never changes.
    """

    def __init__(self, room: int, size: Callable[[T], int] = lambda _: 1) -> None:
        self._room, self._size = room, size
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._taken, self._lock = 0, threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: T) -> T:
        """Keep a value, and return it; what is larger than all the room is not kept."""
        size = self._size(value)
        with self._lock:
            if key in self._values or size > self._room:
                return value
            self._values[key], self._taken = value, self._taken + size
            while self._taken > self._room:
                _, gone = self._values.popitem(last=False)
                self._taken -= self._size(gone)
        return value

    def made(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made where it is not there."""
        found = self.get(key)
        return self.put(key, make()) if found is None else found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._taken = 0


def text_bytes(text: Any) -> int:
    """Return about what a text takes in memory."""
    return 64 + len(text) * (1 if text.isascii() else 4)
