from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.frames import (
    REPLY,
    MalformedReplyError,
    failure_body,
    read_reply,
    read_request,
    request_frame,
    value_body,
)
from infra.sandbox.reply import Failure
from schemas.quarantine import Reason

WHOLE_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WHOLE_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(WHOLE_TEXT, inner),
    max_leaves=10,
)
VALUES = st.dictionaries(WHOLE_TEXT, JSON)


def framed(body: bytes) -> bytes:
    return REPLY.pack(len(body)) + body


@given(VALUES, st.binary())
def test_a_request_arrives_as_it_was_sent(request_: dict[str, Any], content: bytes) -> None:
    stream = io.BytesIO(request_frame(request_, content) * 2)

    assert [read_request(stream), read_request(stream), read_request(stream)] == [
        (request_, content),
        (request_, content),
        None,
    ]


@given(VALUES)
def test_a_value_arrives_as_it_was_returned(value: dict[str, Any]) -> None:
    assert read_reply(framed(value_body(value))) == value


@given(st.sampled_from(Reason), st.text())
def test_a_failure_arrives_with_its_reason(reason: Reason, message: str) -> None:
    try:
        message.encode()
    except UnicodeEncodeError:
        message = "half a character"

    assert read_reply(framed(failure_body(reason, message))) == Failure(reason=reason, message=message)


@given(st.binary() | st.sampled_from([b"{}", b'{"value": []}', b'{"failure": ["no_such_reason", ""]}']))
def test_other_bytes_are_no_reply(body: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        read_reply(framed(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"value": {"t": "\\ud800"}}',
        b'{"value": {"t": "\xed\xa0\x80"}}',
        b'{"value": {"n": NaN}}',
        b'{"value": {"n": -Infinity}}',
        b'{"value": ' + b'{"a":' * 100_000,
        b'{"value": {"n": 1' + b"0" * 10_000 + b"}}",
        b'{"value": {}, "value": 3}',
    ],
)
def test_what_no_table_could_hold_is_no_reply(body: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        read_reply(framed(body))


def test_a_text_about_surrogates_is_a_text() -> None:
    value = {"text": "write \\ud800 for half a character, \U0001f600 for a whole one"}

    assert read_reply(framed(value_body(value))) == value


def test_a_long_message_is_cut() -> None:
    found = read_reply(framed(failure_body(Reason.CORRUPT, "x" * 10_000)))

    assert isinstance(found, Failure)
    assert len(found.message) == 2_000
