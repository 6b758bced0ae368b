"""A pool answers in order, reads no further than it may, and leaves no child behind however it ends."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sandbox import Limits, Sandbox
from schemas.errors import HeadwaterError
from tests.infra.sandbox.pooled import QUICK, TARGET, Request, children, ends, replies


def test_replies_come_in_the_order_of_their_requests() -> None:
    requests = [{"do": "echo", "n": n, "wait_s": 0.02 * ((7 - n) % 4)} for n in range(16)]

    found = replies(*requests, workers=3, ahead=6)

    assert [reply.request for reply in found] == requests
    assert [reply.value and reply.value["n"] for reply in found] == list(range(16))
    assert len({reply.value["pid"] for reply in found if reply.value}) > 1


def test_a_child_keeps_the_function_imported() -> None:
    found = replies(*[{"do": "echo"}] * 5)

    assert [reply.value and reply.value["served"] for reply in found] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_no_more_is_read_than_the_caller_allows(ahead: int) -> None:
    read = 0

    def requests() -> Iterator[tuple[Request, bytes]]:
        nonlocal read
        for n in range(12):
            read += 1
            yield {"do": "echo", "n": n}, b""

    with Sandbox(TARGET, limits=QUICK, workers=2) as sandbox:
        for done, _ in enumerate(sandbox.map(requests(), ahead=ahead), 1):
            assert read <= done + ahead

    assert read == 12


def test_content_of_any_bytes_and_size_arrives_whole() -> None:
    content = bytes(range(128)) * 150_000

    with Sandbox(TARGET, limits=Limits(), workers=1) as sandbox:
        (found,) = sandbox.map([({"do": "echo", "n": "ü\n"}, content)], ahead=1)

    assert found.value is not None
    assert found.value["text"].encode() == content
    assert found.value["n"] == "ü\n"


def test_a_child_is_replaced_after_its_lifetime() -> None:
    found = replies(*[{"do": "echo"}] * 7, limits=Limits(lifetime_items=3))

    assert [reply.value and reply.value["served"] for reply in found] == [1, 2, 3, 1, 2, 3, 1]


def test_a_child_that_died_while_it_had_nothing_to_do_costs_no_item() -> None:
    others = set(children())  # the servers of other tests are this process's children too
    with Sandbox(TARGET, limits=QUICK) as sandbox:

        def requests() -> Iterator[tuple[Request, bytes]]:
            yield {"do": "echo"}, b""
            for pid in set(children()) - others:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
            yield {"do": "echo"}, b""

        first, second = (reply.value for reply in sandbox.map(requests(), ahead=0))

    assert first is not None
    assert second is not None
    assert second["pid"] != first["pid"]


@pytest.mark.parametrize("target", ["tests.infra.sandbox.no_such:run", "tests.infra.sandbox.targets:none"])
def test_a_function_that_cannot_be_imported_stops_the_run(target: str) -> None:
    with (
        Sandbox(target) as sandbox,
        pytest.raises(HeadwaterError, match=r"exited with 1: (.|\n)*(ModuleNotFound|Attribute)Error"),
    ):
        list(sandbox.map([({}, b"")], ahead=1))


def test_leaving_early_ends_every_child_at_once() -> None:
    before, others = set(children()), set(threading.enumerate())
    with Sandbox(TARGET, limits=Limits(timeout_s=600), workers=2) as sandbox:
        requests = (({"do": "echo" if n == 0 else "hang"}, b"") for n in itertools.count())
        next(sandbox.map(requests, ahead=4))
        started = set(children()) - before

    assert started
    assert all(ends(pid) for pid in started)
    mine = set(threading.enumerate()) - others
    assert not [thread for thread in mine if thread.name.startswith("sandbox")]


def test_an_error_in_reading_the_requests_is_the_callers() -> None:
    def requests() -> Iterator[tuple[Request, bytes]]:
        yield {"do": "echo"}, b""
        raise OSError("the source is gone")

    with Sandbox(TARGET, limits=QUICK) as sandbox, pytest.raises(OSError, match="the source is gone"):
        list(sandbox.map(requests(), ahead=3))


def test_a_closed_sandbox_says_so() -> None:
    with Sandbox(TARGET) as sandbox:
        pass

    with pytest.raises(HeadwaterError, match="closed"):
        list(sandbox.map([({"do": "echo"}, b"")], ahead=1))


ORPHANING = """
import sys, threading
from infra.sandbox import Limits, Sandbox
sandbox = Sandbox("tests.infra.sandbox.targets:run", limits=Limits(timeout_s=600), workers=2)
(first,) = sandbox.map([({"do": "echo"}, b"")], ahead=1)
print(first.value["pid"], flush=True)
list(sandbox.map([({"do": "hang"}, b"")] * 2, ahead=2))
"""


def test_children_die_with_their_parent_even_when_it_is_killed(tmp_path: Path) -> None:
    command, homes = [sys.executable, "-c", ORPHANING], {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=homes, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()

    assert ends(child)
