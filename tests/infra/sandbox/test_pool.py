from __future__ import annotations

import itertools
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox import Failure, Limits, Reply, Sandbox
from infra.sandbox.surroundings import surroundings
from schemas.errors import HeadwaterError
from schemas.quarantine import Reason

TARGET = "tests.infra.sandbox.targets:run"
MIB = 2**20
QUICK = Limits(timeout_s=20, memory_bytes=256 * MIB, output_bytes=MIB)

Request = dict[str, Any]


def replies(*requests: Request, limits: Limits = QUICK, workers: int = 1, ahead: int = 4) -> list[Reply]:
    with Sandbox(TARGET, limits=limits, workers=workers) as sandbox:
        return list(sandbox.map(((request, b"content") for request in requests), ahead=ahead))


def only_failure(request: Request, *, limits: Limits = QUICK) -> Failure:
    """Return the failure of one item between two that are unharmed."""
    before, found, after = replies({"do": "echo"}, request, {"do": "echo"}, limits=limits)
    for neighbor in (before, after):
        assert neighbor.value is not None
        assert neighbor.value["text"] == "content"
    assert found.value is None
    assert found.failure is not None
    return found.failure


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


def test_an_item_that_hangs_is_ended_and_not_tried_again(tmp_path: Path) -> None:
    note = tmp_path / "note"

    failure = only_failure({"do": "hang", "note": str(note)}, limits=Limits(timeout_s=1))

    assert failure == Failure(reason=Reason.PARSER_TIMEOUT, message="no answer within 1 s")
    assert note.read_text().count("in") == 1


@pytest.mark.parametrize("own_session", [False, True])
def test_what_an_item_started_ends_with_it(tmp_path: Path, own_session: bool) -> None:
    note = tmp_path / "pid"
    request = {"do": "hang_in_a_grandchild", "note": str(note), "own_session": own_session}

    failure = only_failure(request, limits=Limits(timeout_s=1))

    assert failure.reason is Reason.PARSER_TIMEOUT
    assert _ends(int(note.read_text().split()[-1]))


def test_an_item_that_only_computes_is_ended_by_the_kernel() -> None:
    failure = only_failure({"do": "compute"}, limits=Limits(timeout_s=60, cpu_s=1))

    assert failure == Failure(reason=Reason.PARSER_TIMEOUT, message="more than 1 s of computing")


def test_computing_is_counted_per_item() -> None:
    found = replies(*[{"do": "hog", "pieces": 8, "wait_s": 0}] * 30, limits=Limits(cpu_s=1))

    assert all(reply.value for reply in found)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT, 40])
def test_an_item_that_ends_its_child_is_tried_twice(tmp_path: Path, number: int) -> None:
    note = tmp_path / "note"

    failure = only_failure({"do": "ended_by_signal", "signal": int(number), "note": str(note)})

    assert failure.reason is Reason.PARSER_CRASHED
    assert str(signal.strsignal(number)) in failure.message
    assert len({line.split()[1] for line in note.read_text().splitlines()}) == 2


def test_a_crash_in_native_code_says_where() -> None:
    failure = only_failure({"do": "segfault"})

    assert failure.reason is Reason.PARSER_CRASHED
    assert "Segmentation fault" in failure.message
    assert "in segfault" in failure.message


def test_an_exit_is_a_crash_with_its_last_words() -> None:
    failure = only_failure({"do": "leave"})

    assert failure.reason is Reason.PARSER_CRASHED
    assert "exited with 3" in failure.message
    assert "last words" in failure.message


def test_a_crash_that_does_not_happen_again_costs_nothing(tmp_path: Path) -> None:
    (found,) = replies({"do": "crash_once", "note": str(tmp_path / "note"), "n": 7})

    assert found.value is not None
    assert found.value["n"] == 7


def test_the_second_try_is_alone(tmp_path: Path) -> None:
    note = str(tmp_path / "note")
    busy = [{"do": "noted_wait", "wait_s": 0.2, "note": str(tmp_path / f"busy-{n}")} for n in range(12)]
    requests = [*busy[:4], {"do": "leave", "note": note}, *busy[4:]]

    replies(*requests, workers=3, ahead=13)

    second = float(Path(note).read_text().splitlines()[1].split()[0])
    for request in busy:
        start, end = (float(line.split()[0]) for line in Path(str(request["note"])).read_text().splitlines())
        assert not start <= second <= end


def test_an_item_that_takes_too_much_memory_at_once_is_refused_it() -> None:
    failure = only_failure({"do": "hog", "pieces": 400})

    assert failure.reason is Reason.PARSER_MEMORY


def test_an_item_that_takes_too_much_memory_slowly_is_ended() -> None:
    failure = only_failure({"do": "hog", "pieces": 48, "wait_s": 0.05})

    assert failure.reason is Reason.PARSER_MEMORY
    assert "at most 268,435,456" in failure.message


def test_memory_of_what_an_item_started_counts() -> None:
    failure = only_failure({"do": "hog_in_a_grandchild", "bytes": 300 * MIB})

    assert failure.reason is Reason.PARSER_MEMORY


def test_an_item_that_stays_below_the_limit_may_use_it_every_time() -> None:
    found = replies(*[{"do": "hog", "pieces": 24, "wait_s": 0.01}] * 3)

    assert [reply.value for reply in found] == [{"pieces": 24}] * 3


def test_a_reply_that_is_too_large_is_refused() -> None:
    failure = only_failure({"do": "large", "bytes": MIB})

    assert failure.reason is Reason.OUTPUT_TOO_LARGE
    assert "at most 1,048,576" in failure.message


def test_a_reply_of_exactly_the_limit_passes() -> None:
    framing = len('{"value": {"text": ""}}')

    found = replies({"do": "large", "bytes": MIB - framing}, {"do": "large", "bytes": MIB - framing + 1})

    assert [reply.failure and reply.failure.reason for reply in found] == [None, Reason.OUTPUT_TOO_LARGE]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"not a frame at all, but long", Reason.OUTPUT_TOO_LARGE),
        (struct.pack("!Q", 2**63), Reason.OUTPUT_TOO_LARGE),
        (struct.pack("!Q", 0), Reason.PARSER_CRASHED),
        (struct.pack("!Q", 9) + b"not  json", Reason.PARSER_CRASHED),
        (struct.pack("!Q", 100_000) + b"[" * 100_000, Reason.PARSER_CRASHED),
        (struct.pack("!Q", 12) + b'{"value": 1}', Reason.PARSER_CRASHED),
        (struct.pack("!Q", 11) + b'{"value":{}' + struct.pack("!Q", 2) + b"{}", Reason.PARSER_CRASHED),
    ],
)
def test_a_child_that_is_taken_over_can_say_nothing_else(said: bytes, reason: Reason) -> None:
    failure = only_failure({"do": "write_to_every_pipe", "hex": said.hex()})

    assert failure.reason is reason


def test_a_reply_left_for_the_next_item_reaches_nobody() -> None:
    with Sandbox(TARGET, limits=QUICK, workers=1) as sandbox:

        def requests() -> Iterator[tuple[Request, bytes]]:
            yield {"do": "write_later", "after_s": 0.2}, b"first"
            time.sleep(0.6)
            yield {"do": "echo"}, b"second"

        found = [reply.value for reply in sandbox.map(requests(), ahead=0)]

    assert [value and value["text"] for value in found] == ["first", "second"]


def test_a_verdict_of_the_function_is_the_items_failure() -> None:
    assert only_failure({"do": "reject"}) == Failure(reason=Reason.NEEDS_OCR, message="no text on 3 pages")


def test_an_exception_is_the_items_failure_and_says_where() -> None:
    failure = only_failure({"do": "fail"})

    assert failure.reason is Reason.PARSER_FAILED
    assert failure.message.startswith("KeyError: 'missing' (targets.py:")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"do": "recurse"}, "RecursionError"),
        ({"do": "say", "what": "nan"}, "not JSON compliant"),
        ({"do": "say", "what": "half"}, "surrogates not allowed"),
        ({"do": "say", "what": "set"}, "not JSON serializable"),
        ({"do": "say", "what": "list"}, "it returned list, not a dict"),
        ({"do": "leave_a_file", "name": "large", "bytes": 300 * MIB}, "File too large"),
    ],
)
def test_what_cannot_be_a_value_is_a_failure(request_: Request, said: str) -> None:
    failure = only_failure(request_, limits=Limits(memory_bytes=1024 * MIB))

    assert failure.reason is Reason.PARSER_FAILED
    assert said in failure.message


def test_what_an_item_prints_disturbs_nobody() -> None:
    found = replies({"do": "chatter", "bytes": 300_000}, {"do": "warn"}, {"do": "echo"})

    assert found[0].value == {"read": ""}
    assert all(reply.failure is None for reply in found)


def test_a_child_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSWORD", "canary-7f3a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-7f3a")

    (found,) = replies({"do": "environment"})

    assert found.value is not None
    seen = found.value["environment"]
    assert "canary" not in str(seen)
    assert (seen["DO_NOT_TRACK"], seen["HOME"]) == ("1", found.value["folder"])
    assert found.value["home"] == []
    assert set(seen) - set(surroundings("")) <= {"LC_CTYPE"}  # Python sets it itself


def test_what_a_child_leaves_in_its_home_is_removed() -> None:
    (found,) = replies({"do": "leave_a_file", "name": "left", "bytes": 10})

    assert found.value is not None
    assert not Path(found.value["folder"]).exists()


def test_a_child_has_no_core_files_few_open_files_and_no_way_to_new_rights() -> None:
    (found,) = replies({"do": "rights"})

    assert found.value is not None
    assert (found.value["core"], found.value["files"], found.value["new_privileges"]) == (0, 256, "1")
    assert len(found.value["open"]) <= 6  # three usual ones, two pipes, and the folder being listed


def test_a_child_reaches_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, Sandbox(TARGET, limits=QUICK) as sandbox:
        port = listener.getsockname()[1]
        assert sandbox.network_isolated is None
        (found,) = sandbox.map([({"do": "network", "host": "127.0.0.1", "port": port}, b"")], ahead=1)
        if not sandbox.network_isolated:
            pytest.skip("this system allows no network namespaces")
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()

    assert found.value is not None
    assert found.value["error"] != 0


WITHOUT_RIGHTS = """
from infra.sandbox import Sandbox
with Sandbox("tests.infra.sandbox.targets:run") as sandbox:
    asked = {"do": "network", "host": "127.0.0.1", "port": 9}
    (found,) = sandbox.map([(asked, b"")], ahead=1)
    print(sandbox.network_isolated, found.value["error"] != 111)
"""


def test_a_user_without_rights_is_cut_off_in_a_namespace_of_its_own() -> None:
    dropping = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    if subprocess.run([*dropping, "unshare", "-Un", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs setpriv, root and user namespaces")

    found = subprocess.run(
        [*dropping, sys.executable, "-c", WITHOUT_RIGHTS], check=True, capture_output=True, text=True
    )

    assert found.stdout.split() == ["True", "True"]


def test_a_child_is_replaced_after_its_lifetime() -> None:
    found = replies(*[{"do": "echo"}] * 7, limits=Limits(lifetime_items=3))

    assert [reply.value and reply.value["served"] for reply in found] == [1, 2, 3, 1, 2, 3, 1]


def test_a_child_that_died_while_it_had_nothing_to_do_costs_no_item() -> None:
    with Sandbox(TARGET, limits=QUICK) as sandbox:

        def requests() -> Iterator[tuple[Request, bytes]]:
            yield {"do": "echo"}, b""
            for pid in _children():
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
    before, others = set(_children()), set(threading.enumerate())
    with Sandbox(TARGET, limits=Limits(timeout_s=600), workers=2) as sandbox:
        requests = (({"do": "echo" if n == 0 else "hang"}, b"") for n in itertools.count())
        next(sandbox.map(requests, ahead=4))
        started = set(_children()) - before

    assert started
    assert all(_ends(pid) for pid in started)
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

    assert _ends(child)


def _children() -> list[int]:
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for tasks in found for pid in tasks.read_text().split()]


def _ends(pid: int) -> bool:
    """Wait until a pid is gone or only waits to be collected."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.05)
    return False
