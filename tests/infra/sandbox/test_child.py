"""What a child says: a value, a verdict or an exception is its item's alone, and nothing else is heard."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator

import pytest

from infra.sandbox import Failure, Limits, Sandbox
from schemas.quarantine import Reason
from tests.infra.sandbox.pooled import MIB, QUICK, TARGET, Request, only_failure, replies


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
