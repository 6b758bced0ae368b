"""Frames on a pipe: a length, a JSON head, and bytes."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

HEADER = struct.Struct(">QQ")


class TooLargeError(Exception):
    """A frame is larger than its reader accepts."""


def write(pipe: IO[bytes], head: dict[str, Any], body: bytes = b"") -> None:
    """Write one frame."""
    raw = json.dumps(head).encode("utf-8", "surrogatepass")
    pipe.write(HEADER.pack(len(raw), len(body)))
    pipe.write(raw)
    pipe.write(body)
    pipe.flush()


def read(pipe: IO[bytes], *, limit: int | None = None) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame, or None at the end of the pipe. Raises TooLargeError before reading too much."""
    header = pipe.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    head_bytes, body_bytes = HEADER.unpack(header)
    if limit is not None and head_bytes + body_bytes > limit:
        raise TooLargeError(f"{head_bytes + body_bytes} bytes")
    head, body = pipe.read(head_bytes), pipe.read(body_bytes)
    if len(head) < head_bytes or len(body) < body_bytes:
        return None
    return json.loads(head.decode("utf-8", "surrogatepass")), body
