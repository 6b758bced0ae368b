"""One child as its parent sees it: start it, ask it, watch its memory, end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.sandbox import frames
from infra.sandbox.limits import Limits
from schemas.quarantine import Reason

START_S = 120.0
WATCH_S = 0.05
STDERR_BYTES = 2_000
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
CHILD_VARIABLES = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an item has no value."""

    reason: Reason
    message: str


class Worker:
    """A child process with one item in flight; replaced when it dies or has lived long enough."""

    def __init__(self, target: str, limits: Limits) -> None:
        self._target, self._limits = target, limits
        self._child: subprocess.Popen[bytes] | None = None
        self._home = tempfile.TemporaryDirectory(prefix="headwater-parser-")
        self._served = 0
        self._resting_bytes = 0
        self.network_isolated = False

    def ask(self, request: dict[str, Any], content: bytes) -> tuple[Any, Failure | None]:
        """Return the value for one item, or why there is none; a child that failed badly is replaced."""
        child = self._ready_child()
        verdict: list[Failure] = []
        watch = _Watch(child.pid, self._limits, self._resting_bytes, verdict)
        try:
            with watch:
                frames.write(_stdin(child), request, content)
                reply = frames.read(_stdout(child), limit=self._limits.output_bytes)
        except frames.TooLargeError as problem:
            failure = Failure(reason=Reason.OUTPUT_TOO_LARGE, message=f"the result has {problem}")
            return None, self._ended(failure)
        except (BrokenPipeError, ValueError, OSError):
            reply = None
        if reply is None or verdict:
            return None, self._ended(verdict[0] if verdict else self._crash(child))
        self._served += 1
        if self._served >= self._limits.lifetime_items:
            self.close()
        head, _ = reply
        if "failed" in head:
            return None, Failure(reason=Reason(head["failed"]), message=str(head["message"]))
        return head["value"], None

    def end(self) -> None:
        """Kill the child and everything it started, from any thread; who waits for its answer is told."""
        if (child := self._child) is not None:
            _kill_group(child.pid)

    def dispose(self) -> None:
        """End the child and remove its folder; the worker is not used again."""
        self.close()
        self._home.cleanup()

    def close(self) -> None:
        """End the child and everything it started; the next item gets a new one."""
        child, self._child, self._served = self._child, None, 0
        if child is None:
            return
        _kill_group(child.pid)
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()

    def _ready_child(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self.close()
        limits = self._limits
        numbers = (limits.address_space_bytes, limits.file_bytes, limits.open_files)
        stderr = (Path(self._home.name) / "stderr").open("wb")
        with stderr:
            child = subprocess.Popen(
                [sys.executable, "-m", "infra.sandbox.child", self._target, *map(str, numbers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment(),
                cwd=self._home.name,
                start_new_session=True,
            )
        self._child = child
        self._greet(child)
        return child

    def _greet(self, child: subprocess.Popen[bytes]) -> None:
        alarm = threading.Timer(START_S, _kill_group, (child.pid,))
        alarm.start()
        try:
            hello = frames.read(_stdout(child))
        finally:
            alarm.cancel()
        if hello is None:
            self.close()
            raise RuntimeError(f"a child for {self._target!r} did not start: {self._last_words()}")
        self.network_isolated = bool(hello[0]["network_isolated"])
        self._resting_bytes = _resident_bytes(child.pid)

    def _environment(self) -> dict[str, str]:
        """A child sees no secret of ours: only where programs and modules are."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        return {**kept, **CHILD_VARIABLES, "HOME": self._home.name, "PYTHONPATH": path}

    def _ended(self, failure: Failure) -> Failure:
        self.close()
        return failure

    def _crash(self, child: subprocess.Popen[bytes]) -> Failure:
        try:
            status: int | None = child.wait(5)
        except subprocess.TimeoutExpired:
            status = None
        return Failure(
            reason=Reason.PARSER_CRASHED,
            message=f"the parser ended with status {status}: {self._last_words()}",
        )

    def _last_words(self) -> str:
        path = Path(self._home.name) / "stderr"
        return path.read_bytes()[-STDERR_BYTES:].decode("utf-8", "replace").strip() if path.exists() else ""


class _Watch:
    """Kills a child that takes too long or too much memory, and says which."""

    def __init__(self, pid: int, limits: Limits, resting_bytes: int, verdict: list[Failure]) -> None:
        self._pid, self._limits, self._verdict = pid, limits, verdict
        self._most_bytes = resting_bytes + limits.memory_bytes
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        waited = 0.0
        while not self._done.wait(WATCH_S):
            waited += WATCH_S
            if waited >= self._limits.timeout_s:
                self._end(Reason.PARSER_TIMEOUT, f"not done after {self._limits.timeout_s:g} s")
                return
            if _resident_bytes(self._pid) > self._most_bytes:
                limit = self._limits.memory_bytes // 1024**2
                self._end(Reason.PARSER_MEMORY, f"took more than {limit} MiB of memory")
                return

    def _end(self, reason: Reason, message: str) -> None:
        self._verdict.append(Failure(reason=reason, message=message))
        _kill_group(self._pid)


def _stdin(child: subprocess.Popen[bytes]) -> Any:
    return child.stdin


def _stdout(child: subprocess.Popen[bytes]) -> Any:
    return child.stdout


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # gone, or no /proc on this platform
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
