"""Turns that are taken together, and turns that are taken alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Any number of threads are inside together, or one is inside alone; who waits to be alone goes first."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._inside, self._claimed = 0, False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Be inside with others."""
        with self._change:
            self._change.wait_for(lambda: not self._claimed)
            self._inside += 1
        try:
            yield
        finally:
            with self._change:
                self._inside -= 1
                self._change.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be inside with nobody."""
        with self._change:
            self._change.wait_for(lambda: not self._claimed)
            self._claimed = True
            self._change.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._change:
                self._claimed = False
                self._change.notify_all()
