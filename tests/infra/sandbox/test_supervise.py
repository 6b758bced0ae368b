"""An item that hangs, crashes or takes too much is ended alone, and its failure says why."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from infra.sandbox import Failure, Limits
from schemas.quarantine import Reason
from tests.infra.sandbox.pooled import MIB, ends, only_failure, replies


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
    assert ends(int(note.read_text().split()[-1]))


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
