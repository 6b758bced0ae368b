"""Brings what was pushed into releases: one run per source for all that came in a few seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from flows.stages.pushing import push_sources, unreleased
from flows.workspace import Workspace
from schemas.errors import HeadwaterError

LOG = logging.getLogger("headwater.serving")
GATHER_S = 2.0
"""How long pushes are gathered before their source is run."""
AGAIN_S = 5.0
STOP_S = 20.0


class Pusher:
    """A thread that runs the sources that were pushed to; what it does not get to, the next start does."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._due: dict[str, tuple[float, str]] = {}
        """Source to when it is run, by the monotonic clock, and the id of that run."""
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="pusher", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier server was promised to release and did not."""
        if push_sources(self._workspace):
            self._thread.start()

    def taken(self, source: str, keep: Callable[[str], object]) -> str:
        """Call `keep`, which puts a push on disk, with the id of the run that will release it; return it."""
        with self._changed:
            at, run_id = self._due.get(source) or (time.monotonic() + GATHER_S, self._workspace.new_run_id())
            keep(run_id)
            self._due[source] = (at, run_id)
            self._changed.notify()
        return run_id

    def stop(self) -> None:
        """End with the run that is in progress."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        workspace = replace(self._workspace, _caches={})  # with a connection of its own
        for source in push_sources(workspace):
            if (run_id := unreleased(workspace, source)) is not None:
                with self._changed:
                    self._due.setdefault(source, (time.monotonic(), run_id))
        while (following := self._next()) is not None:
            self._ingest(workspace, *following)

    def _next(self) -> tuple[str, str] | None:
        """Wait for the next source whose time has come; None at the end."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                source, (at, run_id) = min(
                    self._due.items(), key=lambda one: one[1][0], default=("", (now + 60, ""))
                )
                if at <= now:
                    del self._due[source]
                    return source, run_id
                self._changed.wait(at - now)
        return None

    def _ingest(self, workspace: Workspace, source: str, run_id: str) -> None:
        from flows.stages.ingesting import IngestOptions, ingest_source

        options = IngestOptions(allow_shrink=True, run_id=run_id)  # what is gone was deleted by name
        try:
            ingest_source(workspace, source, options)
        except HeadwaterError as problem:
            LOG.warning("what was pushed to %r is not released yet: %s", source, problem)
            self._later(source, run_id)
        except Exception:
            LOG.exception("what was pushed to %r is not released yet", source)
            self._later(source, run_id)

    def _later(self, source: str, run_id: str) -> None:
        with self._changed:
            self._due.setdefault(source, (time.monotonic() + AGAIN_S, run_id))
