"""A step: how a stage is run. Plainly it is just called; a Prefect flow runs it as a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Step(Protocol):
    """Runs a stage under a name."""

    def __call__(self, name: str, stage: Callable[[], T]) -> T:
        """Return what the stage returns."""
        ...


def direct(name: str, stage: Callable[[], T]) -> T:  # noqa: ARG001 - the name is for those who show it
    """Run a stage by calling it."""
    return stage()
