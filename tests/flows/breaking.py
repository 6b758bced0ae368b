"""Runs that are broken off at a stage, and whether what they leave is what a rebuild makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.flows.projects import Project
from tests.oracle import differences, published, rebuilt

T = TypeVar("T")


class DiedError(Exception):
    """What a test breaks a run off with."""


def dying_at(stage_name: str, problem: type[Exception] = DiedError) -> Callable[[str, Callable[[], T]], T]:
    """Break a run off before a stage."""

    def step(name: str, stage: Callable[[], T]) -> T:
        if name == stage_name:
            raise problem(name)
        return stage()

    return step


def is_whole(project: Project) -> bool:
    """Tell whether the newest release is what a rebuild makes."""
    workspace = project.open()
    found = differences(published(workspace), rebuilt(workspace, "docs"))
    assert found == [], found
    return True
