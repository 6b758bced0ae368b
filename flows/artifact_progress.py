"""Progress in the Prefect UI."""

from __future__ import annotations

import time
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact

EVERY_S = 1.0
"""How often the server is told: each time costs it a request."""


class ArtifactProgress:
    """Shows how far work is as Prefect progress artifacts, one per kind of work."""

    def __init__(self) -> None:
        self._artifacts: dict[str, Any] = {}
        self._told_at: dict[str, float] = {}

    def advance(self, what: str, done: int, total: int) -> None:
        """Move the artifact of this kind of work, which appears when it begins."""
        share, now = 100.0 * done / max(total, 1), time.monotonic()
        if done < total and now - self._told_at.get(what, -EVERY_S) < EVERY_S:
            return
        self._told_at[what] = now
        if what not in self._artifacts:
            self._artifacts[what] = create_progress_artifact(progress=share, description=what)
        else:
            update_progress_artifact(self._artifacts[what], progress=share)
