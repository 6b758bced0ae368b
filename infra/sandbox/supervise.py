"""One child and the pipes to it: started, asked, watched and ended from outside."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any, cast

from infra.sandbox import confine
from infra.sandbox.frames import REPLY, MalformedReplyError, read_reply, request_frame
from infra.sandbox.limits import Limits
from infra.sandbox.reply import Failure
from infra.sandbox.surroundings import surroundings
from infra.sandbox.watch import is_running, kill_all, resident_bytes
from schemas.errors import HeadwaterError
from schemas.quarantine import Reason

LOOK_S = 0.05
"""How often memory is looked at while a child works."""
LAST_WORDS_S = 2.0
"""How long a child that hung up may take to end by itself, so that its status is its own."""
BLOCK_BYTES = 2**20
STDERR_BYTES = 2_000
LEAST_REPLY_BYTES = 2**16
"""A failure is shorter than this and passes whatever the limit on output."""


class LostChildError(Exception):
    """The child is of no further use; `failure` is what that means for the item it had."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(reason=reason, message=message)


class Supervised:
    """A child that has imported `target` and waits for items; raises `HeadwaterError` if it cannot."""

    def __init__(self, target: str, limits: Limits) -> None:
        self._limits, self._served, self._spent = limits, 0, False
        self._hears, self._last_words = True, b""
        self._ending, self._ended = threading.Lock(), False
        self._home = tempfile.mkdtemp(prefix="headwater-sandbox-")
        self._popen = self._started(target)
        self._requests, self._replies, self._stderr = (
            cast(IO[bytes], pipe) for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        )
        for pipe in (self._requests, self._replies, self._stderr):
            os.set_blocking(pipe.fileno(), False)
        self._baseline_bytes: int | None = None
        try:
            ready = self._exchange(b"", limits.start_s)
        except LostChildError as error:
            self.close()
            raise HeadwaterError(
                f"the sandbox could not start {target!r}: {error.failure.message}", fix="headwater doctor"
            ) from error
        self.network_isolated = isinstance(ready, dict) and ready.get("network_isolated") is True
        self._baseline_bytes = resident_bytes(self._popen.pid)

    def ask(self, request: dict[str, Any], content: bytes) -> dict[str, Any] | Failure:
        """Return the value or the failure of one item; raises `LostChildError` if it cost the child."""
        self._served += 1
        found = self._exchange(request_frame(request, content), self._limits.timeout_s)
        # What was freed after a refused allocation is in pieces.
        self._spent = isinstance(found, Failure) and found.reason is Reason.PARSER_MEMORY
        return found

    def is_ready(self) -> bool:
        """Return whether it may have another item: alive, silent, and neither spent nor old."""
        is_silent = self._replies.fileno() not in self._speaking(b"", 0)
        return is_silent and not self._spent and self._served < self._limits.lifetime_items

    def kill(self) -> None:
        """End the child and whatever it started, from any thread; `close` must still follow."""
        with self._ending:
            if not self._ended:
                kill_all(self._popen.pid)

    def close(self) -> None:
        """End the child, close its pipes and remove its home."""
        self._end()
        for pipe in (self._requests, self._replies, self._stderr):
            with suppress(OSError):
                pipe.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _started(self, target: str) -> subprocess.Popen[bytes]:
        python = [sys.executable, "-P", "-X", "faulthandler", confine.__file__]
        return subprocess.Popen(
            [*python, target, str(os.getpid()), json.dumps(asdict(self._limits))],
            bufsize=0,
            cwd=self._home,
            env=surroundings(self._home),
            start_new_session=True,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def _exchange(self, frame: bytes, timeout_s: float) -> dict[str, Any] | Failure:
        rest, found = memoryview(frame), bytearray()
        deadline, look_at = time.monotonic() + timeout_s, time.monotonic() + LOOK_S
        while len(found) < REPLY.size or len(found) < REPLY.size + self._announced(found):
            now = time.monotonic()
            if now >= deadline:
                raise LostChildError(Reason.PARSER_TIMEOUT, f"no answer within {timeout_s:g} s")
            if now >= look_at:
                self._look_at_memory()
                look_at = now + LOOK_S
            speaking = self._speaking(rest, min(deadline - now, LOOK_S))
            if self._requests.fileno() in speaking:
                rest = self._write(rest)
            if self._stderr.fileno() in speaking:
                self._hear()
            if self._replies.fileno() in speaking:
                block = os.read(self._replies.fileno(), BLOCK_BYTES)
                if not block:
                    raise self._death()
                found += block
        return self._understood(bytes(found))

    def _announced(self, found: bytearray) -> int:
        size: int = REPLY.unpack_from(found)[0]
        limit = max(self._limits.output_bytes, LEAST_REPLY_BYTES)
        if size > limit:
            raise LostChildError(Reason.OUTPUT_TOO_LARGE, f"{size:,} bytes of at most {limit:,}")
        return size

    def _look_at_memory(self) -> None:
        if self._baseline_bytes is None:
            return
        grown = resident_bytes(self._popen.pid) - self._baseline_bytes
        if grown > self._limits.memory_bytes:
            message = f"{grown:,} bytes of memory of at most {self._limits.memory_bytes:,}"
            raise LostChildError(Reason.PARSER_MEMORY, message)

    def _speaking(self, rest: memoryview | bytes, wait_s: float) -> set[int]:
        poller = select.poll()
        poller.register(self._replies, select.POLLIN)
        if self._hears:
            poller.register(self._stderr, select.POLLIN)
        if rest:
            poller.register(self._requests, select.POLLOUT)
        return {found for found, _ in poller.poll(wait_s * 1_000)}

    def _write(self, rest: memoryview) -> memoryview:
        try:
            return rest[os.write(self._requests.fileno(), rest[:BLOCK_BYTES]) :]
        except BrokenPipeError:  # it has stopped listening; its own pipe says whether it still answers
            return rest[:0]

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            while self._hears:
                block = os.read(self._stderr.fileno(), BLOCK_BYTES)
                self._hears = bool(block)
                self._last_words = (self._last_words + block)[-STDERR_BYTES:]

    def _death(self) -> LostChildError:
        hopeless_at = time.monotonic() + LAST_WORDS_S
        while is_running(self._popen.pid) and time.monotonic() < hopeless_at:
            time.sleep(LOOK_S / 10)
        status = self._end()
        self._hear()
        words = self._last_words.decode(errors="replace").strip()
        if status == -signal.SIGXCPU:
            return LostChildError(Reason.PARSER_TIMEOUT, f"more than {self._limits.cpu_s} s of computing")
        how = (
            f"was ended by a signal ({signal.strsignal(-status)})" if status < 0 else f"exited with {status}"
        )
        return LostChildError(Reason.PARSER_CRASHED, f"the child {how}{': ' if words else ''}{words}")

    def _understood(self, found: bytes) -> dict[str, Any] | Failure:
        try:
            return read_reply(found)
        except MalformedReplyError as error:
            message = f"the child's reply cannot be read: {error}"
            raise LostChildError(Reason.PARSER_CRASHED, message) from error

    def _end(self) -> int:
        with self._ending:
            if not self._ended:
                # One that has ended keeps its status, and its number until it is waited for.
                kill_all(self._popen.pid)
                self._popen.wait()
                self._ended = True
        return self._popen.returncode
