"""What goes through a child's pipes: lengths, JSON and raw bytes, nothing that runs when it is read."""

from __future__ import annotations

import json
import re
import struct
from typing import Any, BinaryIO

from infra.sandbox.reply import Failure
from schemas.quarantine import Reason

REQUEST = struct.Struct("!QQ")
"""Lengths of the JSON request and of the content that follow."""
REPLY = struct.Struct("!Q")
"""Length of the JSON reply that follows."""
ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
MESSAGE_CHARS = 2_000


class MalformedReplyError(Exception):
    """The child wrote something that is no reply: it is not the code we started any more."""


def request_frame(request: dict[str, Any], content: bytes) -> bytes:
    """Return the bytes that ask for one item."""
    head = json.dumps(request).encode()
    return b"".join((REQUEST.pack(len(head), len(content)), head, content))


def read_request(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Return the next request, or None when the parent is gone."""
    sizes = stream.read(REQUEST.size)
    if len(sizes) < REQUEST.size:
        return None
    head_size, content_size = REQUEST.unpack(sizes)
    head, content = stream.read(head_size), stream.read(content_size)
    return (json.loads(head), content) if len(content) == content_size else None


def value_body(value: dict[str, Any]) -> bytes:
    """Return the JSON of a value; raises `ValueError` or `TypeError` for what JSON or UTF-8 cannot say."""
    return json.dumps({"value": value}, ensure_ascii=False, allow_nan=False).encode()


def failure_body(reason: Reason, message: str) -> bytes:
    """Return the JSON of a failure."""
    return json.dumps({"failure": [reason.value, message[:MESSAGE_CHARS]]}).encode()


def read_reply(frame: bytes) -> dict[str, Any] | Failure:
    """Return what a whole reply says; raises `MalformedReplyError`, since a child may write anything."""
    if len(frame) != REPLY.size + REPLY.unpack_from(frame)[0]:
        raise MalformedReplyError("more than one reply")
    try:
        text = frame[REPLY.size :].decode()
        found = json.loads(text, parse_constant=_refuse)
        if ESCAPED_SURROGATE.search(text):  # half a character: no table could hold it
            json.dumps(found, ensure_ascii=False).encode()
        match found:
            case {"value": dict() as value}:
                return value
            case {"failure": [str() as reason, str() as message]}:
                return Failure(reason=Reason(reason), message=message[:MESSAGE_CHARS])
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError(f"{type(error).__name__}: {error}") from error
    raise MalformedReplyError("neither a value nor a failure")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
