"""A warm program: it imports once what every flow run imports, and forks a child for each run.

A run that is a program of its own pays for imports, with several seconds of processor time, before it sees
whether there is anything to do; a forked one does not. Run as `python -m flows.work.forking SOCKET`; it ends
when its standard input does. It has one thread when it forks, so no lock is lost in a child.
"""

from __future__ import annotations

import json
import os
import runpy
import selectors
import signal
import socket
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.sandbox.confine import die_with
from infra.store.light_import import import_lancedb

IMPORTED = (
    "duckdb",
    "prefect.events.clients",
    "prefect.flow_engine",
    "prefect.runner.storage",
    "flows.backfill",
    "flows.context",
    "flows.ingest",
    "flows.maintain",
)
"""What runs import, besides the store's packages; more would be paid for in memory by all."""
YIELDS = 10
"""Niceness of a run: on a busy machine Prefect's server, the worker and the API go first."""


@dataclass(kw_only=True)
class Asked:
    """A flow run somebody waits for: where it is to run and, once it was forked, its child."""

    connection: socket.socket
    outputs: list[int] = field(default_factory=list)
    text: bytes = b""
    pid: int | None = None
    ends: int | None = None
    """A descriptor that is readable when the child has ended."""

    def read(self) -> bool:
        """Take in what was sent; False when whoever asked is gone."""
        if not self.outputs:
            sent, self.outputs, _, _ = socket.recv_fds(self.connection, 1, 2)
        else:
            sent = self.connection.recv(1 << 16)
        self.text += sent
        return bool(sent)

    @property
    def whole(self) -> bool:
        """Whether the request is there: a line, after the byte that carried the outputs."""
        return self.text.endswith(b"}\n")

    def close(self) -> None:
        """Let go of what belongs to this run."""
        self.connection.close()
        if self.ends is not None:
            os.close(self.ends)
        elif self.pid is None:
            for output in self.outputs:
                os.close(output)
        self.ends = None


class Forking:
    """Answers on a socket until standard input ends, and then until the last run has."""

    def __init__(self, listener: socket.socket, lifeline: int) -> None:
        self._listener, self._lifeline = listener, lifeline
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(lifeline, selectors.EVENT_READ, self._left)
        self._asked: list[Asked] = []
        self._job: Asked | None = None

    def serve(self) -> Asked | None:
        """Fork until the end. Returns None there, and in a child the run it is to do."""
        while self._selector.get_map():
            for key, _ in self._selector.select():
                key.data(key.fileobj)
                if self._job is not None:
                    self._selector.close()
                    return self._job
        return None

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        asked = Asked(connection=connection)
        self._asked.append(asked)
        self._selector.register(connection, selectors.EVENT_READ, lambda _: self._heard(asked))

    def _left(self, lifeline: int) -> None:
        self._selector.unregister(lifeline)
        self._selector.unregister(self._listener)
        self._listener.close()

    def _heard(self, asked: Asked) -> None:
        """Go on with a request, or end the run whose client is gone."""
        if asked.read():
            if asked.whole and asked.pid is None:
                self._fork(asked)
        elif asked.pid is None:
            self._forget(asked)
        else:
            os.killpg(asked.pid, signal.SIGKILL)
            self._selector.unregister(asked.connection)
            asked.connection.shutdown(socket.SHUT_RD)

    def _fork(self, asked: Asked) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            die_with(parent)
            for other in self._asked:
                if other is not asked:
                    other.close()
            self._job = asked
            return
        for output in asked.outputs:
            os.close(output)
        asked.pid, asked.ends = pid, os.pidfd_open(pid)
        asked.connection.sendall(f"{pid}\n".encode())
        self._selector.register(asked.ends, selectors.EVENT_READ, lambda _: self._ended(asked))

    def _ended(self, asked: Asked) -> None:
        assert asked.pid is not None  # noqa: S101 - it has ended
        _, status = os.waitpid(asked.pid, 0)
        self._selector.unregister(asked.ends)  # type: ignore[arg-type] # it has a descriptor, for the same reason
        with suppress(OSError):  # its client may have been killed, which is why it has ended
            asked.connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        self._forget(asked)

    def _forget(self, asked: Asked) -> None:
        if asked.connection in {key.fileobj for key in self._selector.get_map().values()}:
            self._selector.unregister(asked.connection)
        self._asked.remove(asked)
        asked.close()


def prepare() -> None:
    """Import what runs need, and stop the one thread that an import starts; a child starts it anew."""
    for name in IMPORTED:
        import_module(name)
    import_lancedb()
    loop = import_module("lancedb.background_loop").LOOP
    loop.loop.call_soon_threadsafe(loop.loop.stop)
    loop.thread.join()
    # Said at each fork, of threads that were at work; here there are none.
    warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)


def run(asked: Asked) -> None:
    """Become the program that was asked for: Prefect's engine, for the run its environment names."""
    request: dict[str, Any] = json.loads(asked.text)
    for descriptor, output in zip(asked.outputs, (1, 2), strict=True):
        os.dup2(descriptor, output)
    asked.close()
    os.nice(YIELDS)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    engine = import_module("prefect.engine")
    import_module("prefect.context").refresh_global_settings_context()
    sys.argv = [str(engine.__file__)]
    runpy.run_path(str(engine.__file__), run_name="__main__")


def main(path: str) -> None:
    """Serve at a socket; in a child, run."""
    prepare()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen(64)
        Path(f"{path}.new").rename(path)
        job = Forking(listener, sys.stdin.fileno()).serve()
    if job is not None:
        run(job)


if __name__ == "__main__":
    main(sys.argv[1])
