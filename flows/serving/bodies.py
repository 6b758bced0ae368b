"""Bodies of requests: read to the end before anybody works on them, within a length, a pace and a memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from schemas.errors import OverloadedError

GRACE_S = 10.0
"""What every body may take; a longer one has a second more for each `SLOWEST` bytes that came."""
SLOWEST = 64 * 1024
TOGETHER = 64 * 1024**2
"""Bytes of all bodies that one kind of request may hold at once, or of `AT_LEAST` bodies of full length."""
AT_LEAST = 8
LINGER_S = 1.0
LINGER_BYTES = 4 * 1024**2
NO_TEXT, TOO_LARGE, TOO_SLOW = 400, 413, 408
WHOLE = re.compile(
    rb"(?:[^\\]++|\\[^u]|\\u(?:[^dD].{3}|[dD][0-7].{2}|[dD][89abAB].{2}\\u[dD][c-fC-F].{2}))*+", re.DOTALL
)
"""JSON in which every escaped high surrogate is followed by a low one, and none stands alone."""


class GoneError(Exception):
    """The client hung up before its request was there."""


class Bodies:
    """Reads the bodies of one kind of request. Who is slow holds the bytes that came, and nobody's turn."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._together = max(TOGETHER, AT_LEAST * most)
        self._held = 0

    def check(self, length: int) -> None:
        """Refuse a body that says it is longer than it may be."""
        if length > self.most:
            raise HTTPException(TOO_LARGE, f"the body is longer than {self.most} bytes")

    @asynccontextmanager
    async def read(self, receive: Receive, *, is_json: bool = False) -> AsyncIterator[Receive]:
        """Read a body and yield what receives it at once; its bytes count as held until the request ends.

        Raises HTTPException 413 or 408 for one that is too long or too slow, 400 for JSON that is no text,
        OverloadedError where too much is held already, GoneError where the client hangs up.
        """
        waiting = [await self._read(receive)]
        length = len(waiting[0])
        try:
            if is_json:
                check_text(waiting[0])
            yield _replayed(waiting, receive)
        finally:
            self._held -= length

    async def _read(self, receive: Receive) -> bytes:
        body, begun = bytearray(), asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(begun + GRACE_S) as pace:
                more = True
                while more:
                    message = await receive()
                    self._take(message, body)
                    more = message.get("more_body", False)
                    pace.reschedule(begun + GRACE_S + len(body) / SLOWEST)
        except BaseException as ended:
            self._held -= len(body)
            if isinstance(ended, TimeoutError):
                raise HTTPException(TOO_SLOW, f"no more than {len(body)} bytes of the body came") from None
            raise
        return bytes(body)

    def _take(self, message: Message, body: bytearray) -> None:
        if message["type"] == "http.disconnect":
            raise GoneError
        piece: bytes = message.get("body", b"")
        self.check(len(body) + len(piece))
        if self._held + len(piece) > self._together:
            raise OverloadedError("requests hold too many bytes already", fix="try again later")
        body += piece
        self._held += len(piece)


async def linger(receive: Receive) -> None:
    """Throw away what still comes of a refused body, for a moment.

    A connection that is closed over unread bytes is reset, and its client may never see the answer.
    """
    come = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while come < LINGER_BYTES:
                message = await receive()
                come += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def check_text(body: bytes) -> None:
    """Refuse JSON whose texts could not be written anywhere: other than UTF-8, or with half of a character.

    The parser would guess UTF-16, and take half of a surrogate pair for a character.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        whole = False
    else:
        whole = b"\x00" not in body and WHOLE.fullmatch(body) is not None
    if not whole:
        raise HTTPException(NO_TEXT, "the body is not JSON in UTF-8, or has half of a surrogate pair in it")


def _replayed(waiting: list[bytes], receive: Receive) -> Receive:
    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
