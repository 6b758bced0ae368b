"""Functions that behave and functions that do not, as the sandbox's children run them."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.quarantine import Reason, Rejected

Value = dict[str, Any]

print("a library that talks when it is imported")  # noqa: T201
served = 0


def run(request: Value, content: bytes) -> Value:
    """Do what the request names."""
    global served  # noqa: PLW0603 - counted per child
    served += 1
    if note := request.get("note"):
        with Path(note).open("a") as file:
            file.write(f"{time.monotonic()} {os.getpid()} in\n")
    return DEEDS[request["do"]](request, content)


def echo(request: Value, content: bytes) -> Value:
    time.sleep(request.get("wait_s", 0))
    return {"n": request.get("n"), "text": content.decode(), "pid": os.getpid(), "served": served}


def noted_wait(request: Value, _: bytes) -> Value:
    time.sleep(request["wait_s"])
    with Path(request["note"]).open("a") as file:
        file.write(f"{time.monotonic()} {os.getpid()} out\n")
    return {}


def hang(_: Value, __: bytes) -> Value:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    while True:
        time.sleep(60)


def hang_in_a_grandchild(request: Value, _: bytes) -> Value:
    with subprocess.Popen(["sleep", "300"], start_new_session=request["own_session"]) as sleeper:
        Path(request["note"]).write_text(str(sleeper.pid))
        sleeper.wait()
    return {}


def compute(_: Value, __: bytes) -> Value:
    while True:
        pass


def ended_by_signal(request: Value, _: bytes) -> Value:
    os.kill(os.getpid(), request["signal"])
    time.sleep(60)
    return {}


def segfault(_: Value, __: bytes) -> Value:
    return {"read": ctypes.string_at(0)}


def leave(_: Value, __: bytes) -> Value:
    print("last words", file=sys.stderr)  # noqa: T201
    os._exit(3)


def crash_once(request: Value, content: bytes) -> Value:
    if Path(request["note"]).read_text().count("in") == 1:
        os.abort()
    return echo(request, content)


def hog(request: Value, _: bytes) -> Value:
    """Take memory slowly, in pieces, and touch it."""
    taken = []
    for _piece in range(request["pieces"]):
        taken.append(bytearray(os.urandom(1)) * 2**23)
        time.sleep(request.get("wait_s", 0))
    time.sleep(request.get("wait_s", 0))
    return {"pieces": len(taken)}


def hog_in_a_grandchild(request: Value, _: bytes) -> Value:
    program = (
        f"import time; taken = bytearray({request['bytes']}); taken[:] = b'x' * len(taken); time.sleep(60)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    return {}


def chatter(request: Value, _: bytes) -> Value:
    """Print more than a pipe holds, to both of the usual places."""
    for stream in (sys.stdout, sys.stderr):
        stream.write("x" * request["bytes"])
        stream.flush()
    subprocess.run(["echo", "a program that prints"], check=True)
    return {"read": sys.stdin.read()}


def large(request: Value, _: bytes) -> Value:
    return {"text": "x" * request["bytes"]}


def write_to_every_pipe(request: Value, _: bytes) -> Value:
    """What code that has taken over the child could do."""
    said = bytes.fromhex(request["hex"])
    for number in range(3, 20):
        try:
            os.write(number, said)
        except OSError:
            continue
    return {"forged": False}


def write_later(request: Value, content: bytes) -> Value:
    """Answer, and while nobody asks, leave a reply for the next item."""
    body = b'{"value": {"forged": true}}'
    said = {"hex": (struct.pack("!Q", len(body)) + body).hex()}
    threading.Timer(request["after_s"], write_to_every_pipe, (said, b"")).start()
    return echo(request, content)


def reject(_: Value, __: bytes) -> Value:
    raise Rejected(Reason.NEEDS_OCR, "no text on 3 pages")


def fail(_: Value, __: bytes) -> Value:
    raise KeyError("missing")


def recurse(request: Value, content: bytes) -> Value:
    return recurse(request, content)


def say(request: Value, _: bytes) -> Any:
    return {"nan": {"n": float("nan")}, "half": {"t": "\ud800"}, "set": {"s": {1}}, "list": [1]}[
        request["what"]
    ]


def environment(_: Value, __: bytes) -> Value:
    return {
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "home": [str(file) for file in Path().iterdir()],
    }


def leave_a_file(request: Value, _: bytes) -> Value:
    Path(request["name"]).write_bytes(b"x" * request["bytes"])
    return {"folder": str(Path.cwd())}


def network(request: Value, _: bytes) -> Value:
    with socket.socket() as one:
        one.settimeout(5)
        return {"error": one.connect_ex((request["host"], request["port"]))}


def rights(_: Value, __: bytes) -> Value:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "new_privileges": status["NoNewPrivs"],
        "open": sorted(file.name for file in Path("/proc/self/fd").iterdir()),
    }


def warn(_: Value, __: bytes) -> Value:
    warnings.warn("a parser's own warning", stacklevel=1)
    return {}


DEEDS: dict[str, Callable[[Value, bytes], Any]] = {
    deed.__name__: deed
    for deed in (
        *(
            echo,
            noted_wait,
            hang,
            hang_in_a_grandchild,
            compute,
            ended_by_signal,
            segfault,
            leave,
            crash_once,
        ),
        *(hog, hog_in_a_grandchild, chatter, large, write_to_every_pipe, write_later, reject, fail, recurse),
        *(say, environment, leave_a_file, network, rights, warn),
    )
}
