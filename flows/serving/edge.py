"""The edge of the server: what is refused before it is looked into, and how each request is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.serving.callers import caller_of
from flows.serving.problems import answer, problem_of
from schemas.counts import count
from schemas.errors import AccessDeniedError, HeadwaterError, MisdirectedError, OverloadedError
from schemas.serve import is_loopback

if TYPE_CHECKING:
    from flows.serving.serving import Serving

UPLOADS = ("/upsert", "/upsert-file")
"""Paths whose bodies may be as long as `serve.max_upload_bytes`."""
ALWAYS = ("/healthz", "/readyz", "/metrics")
"""Paths that are answered however many requests are open."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BODY_S = 30.0
"""How long one piece of a body may take to arrive."""
SPARE = 64
"""Requests that may be open besides those that are worked on or wait for a turn: reading, being written."""
TOO_LARGE = 413
TOO_SLOW = 408
HANG_UP = {"Connection": "close"}
"""With an answer to a request whose body is not read to its end: else the server would read it all."""


class Edge:
    """Middleware in front of every route: the host's name, open requests, the body's length, the counters."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self.app, self.serving = app, serving
        section = serving.section
        self._most_open = section.concurrency + section.queue + SPARE
        self._open = 0
        serving.metrics.open.set_function(lambda: self._open)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, counted = time.perf_counter(), _Counted(send)
        self._open += 1
        try:
            length = self._length(scope)
            await self._check(scope, length)
            await self.app(scope, _Limited(receive, length[1]), counted)
        except (HTTPException, HeadwaterError) as error:
            if counted.status:
                raise
            refusal = answer(problem_of(error))
            refusal.headers.update(HANG_UP)
            await refusal(scope, receive, counted)
        finally:
            self._open -= 1
            self._count(scope, counted.status, time.perf_counter() - started)

    async def _check(self, scope: Scope, length: tuple[int, int]) -> None:
        if self._open > self._most_open and scope["path"] not in ALWAYS:
            raise OverloadedError(f"open already: {count(self._open - 1, 'request')}", fix="try again later")
        given, most = length
        if given > most:
            raise _too_large(most)
        if await self.serving.is_open():
            _check_local(scope)
        if scope["path"] in UPLOADS:  # nobody else's long body is read at all
            caller = await caller_of(Request(scope))
            if not caller.may("push"):
                raise AccessDeniedError("this needs a key with the scope 'push'", fix="ask for one")

    def _length(self, scope: Scope) -> tuple[int, int]:
        """Return how long the body says it is, 0 where it does not, and how long it may be."""
        section = self.serving.section
        given = _header(scope, b"content-length")
        most = section.max_upload_bytes if scope["path"] in UPLOADS else section.max_body_bytes
        return (int(given) if given.isdecimal() else 0), most

    def _count(self, scope: Scope, status: int, took_s: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.serving.metrics.requests.labels(method, route, str(status or 500)).inc()
        self.serving.metrics.seconds.labels(route).observe(took_s)


class _Counted:
    """Sends, and remembers the status that was sent; 0 before any was."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class _Limited:
    """Receives a body while it is within its limit, and not slower than it may be."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._read, self._whole = 0, False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_S):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(TOO_SLOW, f"no more of the body came in {BODY_S:.0f} s", HANG_UP) from None
        self._read += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._read > self._most:
            raise _too_large(self._most)
        return message


def _too_large(most: int) -> HTTPException:
    return HTTPException(TOO_LARGE, f"the body is longer than {most} bytes", HANG_UP)


def _check_local(scope: Scope) -> None:
    """Raise MisdirectedError for what a web page elsewhere may have a browser on this machine send."""
    for name in (_host(scope), *_origins(scope)):
        if not is_loopback(name):
            raise MisdirectedError(
                f"without API keys only this machine may call, and the request is for or from {name!r}",
                fix="call 127.0.0.1, or make a key with `headwater keys add`",
            )


def _origins(scope: Scope) -> Iterator[str]:
    """Yield the host of the page that sends a request, where a browser says it."""
    if origin := _header(scope, b"origin"):
        try:
            yield urlsplit(origin).hostname or origin
        except ValueError:
            yield origin


def _header(scope: Scope, name: bytes) -> str:
    found: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return found.decode("latin-1")


def _host(scope: Scope) -> str:
    """Return the host that a request names, without its port."""
    host = _header(scope, b"host")
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    return host.partition(":")[0]
