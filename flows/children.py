"""The programs `headwater up` keeps running: started in order, again when one dies, and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import UnavailableError

STOP_S = 5.0
"""What a child has to end by itself, a run in progress included: killed, it leaves nothing half done."""
TRIES, WITHIN_S = 3, 300.0
"""A child that ends more often than this in that time will not stay up."""
LOOK_S = 0.5
LOG_BYTES = 32 * 1024**2

Say = Callable[[str], None]


@dataclass(kw_only=True)
class Child:
    """A program that is meant to run until it is stopped."""

    what: str
    command: Sequence[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    """Every one there has been: what a dead one had begun goes on, until all is stopped."""

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C is for us to pass on."""
        self.started = [at for at in self.started if at > time.monotonic() - WITHIN_S] + [time.monotonic()]
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.groups.append(self.running.pid)

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs."""
        return self.running.poll() if self.running else None

    def gave_up(self) -> bool:
        """Whether it has ended too often to be started again."""
        return len(self.started) > TRIES

    def last_words(self) -> str:
        """Return the last line it wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def keep_short(self) -> None:
        """Begin its log anew when it has become long; what matters of runs is in Prefect's own."""
        if self.log.stat().st_size > LOG_BYTES:
            os.truncate(self.log, 0)

    def end(self) -> None:
        """Ask it and what it began to end, and kill what does not."""
        self._signal(signal.SIGTERM)
        if self.running is not None:
            with suppress(subprocess.TimeoutExpired):
                self.running.wait(STOP_S)
        self._signal(signal.SIGKILL)
        if self.running is not None:
            self.running.wait()

    def _signal(self, number: signal.Signals) -> None:
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, number)


class Children:
    """Children by order of their start; they end in the opposite order."""

    def __init__(self, logs: Path, say: Say) -> None:
        self._logs, self._say = logs, say
        self._children: list[Child] = []

    def start(self, what: str, *command: str) -> Child:
        """Start another child. Raises UnavailableError when it ends at once."""
        log = self._logs / f"{what.replace(' ', '-').lower()}.log"
        child = Child(what=what, command=[program(command[0]), *command[1:]], log=log)
        child.start()
        self._children.append(child)
        time.sleep(0.2)
        if child.status is not None:
            raise self._ended(child)
        return child

    def watch(self) -> None:
        """Start again whichever ends, and say so. Raises UnavailableError when one does not stay up."""
        while True:
            time.sleep(LOOK_S)
            for child in self._children:
                child.keep_short()
                if child.status is None:
                    continue
                if child.gave_up():
                    raise self._ended(child)
                self._say(f"the {child.what} ended with status {child.status}; starting it again")
                child.start()

    def end(self) -> None:
        """End all of them."""
        for child in reversed(self._children):
            child.end()

    def check(self) -> None:
        """Raise UnavailableError when one has ended."""
        for child in self._children:
            if child.status is not None:
                raise self._ended(child)

    def _ended(self, child: Child) -> UnavailableError:
        return UnavailableError(
            f"the {child.what} ended with status {child.status}: {child.last_words()}",
            fix=f"see {child.log}; where a port is taken, export HEADWATER_PREFECT_PORT or set serve.port",
            state="everything else was stopped; what is published stays",
        )


@contextmanager
def children(logs: Path, say: Say) -> Iterator[Children]:
    """Have children until the end of the block, which no second Ctrl-C cuts short."""
    logs.mkdir(parents=True, exist_ok=True)
    mine = Children(logs, say)
    try:
        yield mine
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second one would leave the children behind
        mine.end()


def program(name: str) -> str:
    """Return the path of a program of this environment."""
    return str(Path(sys.executable).parent / name)
