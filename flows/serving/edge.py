"""The edge of the server: what is refused before it is looked into, and how each request is counted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.serving.bodies import Bodies, GoneError, linger
from flows.serving.callers import caller_of
from flows.serving.current import CURRENT, HEADER, Current
from flows.serving.openai_errors import answer_at
from flows.serving.problems import problem_of
from schemas.counts import count
from schemas.errors import AccessDeniedError, MisdirectedError, OverloadedError
from schemas.serve import is_loopback

if TYPE_CHECKING:
    from flows.serving.serving import Serving

UPLOADS = ("/upsert", "/upsert-file")
"""Paths whose bodies may be as long as `serve.max_upload_bytes`."""
ALWAYS = ("/healthz", "/readyz", "/metrics")
"""Paths that are answered however many requests are open."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SPARE = 64
"""Requests that may be open besides those that are worked on or wait for a turn: being written, mostly."""
GONE = 499
"""How a request is counted whose client hung up before it was there."""
HANG_UP = {"Connection": "close"}
"""With an answer to a request whose body was not read to its end."""


class Edge:
    """Middleware in front of every route: the host's name, the key, the body, open requests, the counters."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self.app, self.serving = app, serving
        section = serving.section
        self._most_open = section.concurrency + section.queue + SPARE
        self._open = 0
        self._bodies, self._uploads = Bodies(section.max_body_bytes), Bodies(section.max_upload_bytes)
        serving.metrics.open.set_function(lambda: self._open)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; whatever goes wrong is told, and nothing of it leaves here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        current = Current()
        CURRENT.set(current)  # the task is this request's alone
        started, answered = time.perf_counter(), _Answered(send, current)
        try:
            async with self._received(scope, receive) as whole:
                answered.read = True
                with self._one_more(scope["path"]):
                    await self.app(scope, whole, answered)
        except GoneError:
            answered.status = GONE
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and counted
            await self._tell(error, scope, receive, answered)
        finally:
            self._count(scope, current, answered.status, time.perf_counter() - started)

    @asynccontextmanager
    async def _received(self, scope: Scope, receive: Receive) -> AsyncIterator[Receive]:
        """Yield what receives a request's body. Nothing of it is read before it is known who sends it."""
        if await self.serving.is_open():
            _check_local(scope)
        length = _length(scope)
        if length == 0:
            yield receive
            return
        bodies = self._uploads if scope["path"] in UPLOADS else self._bodies
        bodies.check(length or 0)
        caller = await caller_of(Request(scope))
        if bodies is self._uploads and not caller.may("push"):
            raise AccessDeniedError("this needs a key with the scope 'push'", fix="ask for one")
        is_json = "json" in _header(scope, b"content-type").lower()
        async with bodies.read(receive, is_json=is_json) as whole:
            yield whole

    @contextmanager
    def _one_more(self, path: str) -> Iterator[None]:
        """Hold one of the requests that may be open."""
        if self._open >= self._most_open and path not in ALWAYS:
            raise OverloadedError(f"open already: {count(self._open, 'request')}", fix="try again later")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    async def _tell(self, error: Exception, scope: Scope, receive: Receive, answered: _Answered) -> None:
        problem = problem_of(error)
        if answered.status:  # part of an answer is sent: the connection ends without its end
            return
        response = answer_at(scope["path"], problem)
        if answered.read or _length(scope) == 0:
            await response(scope, receive, answered)
            return
        response.headers.update(HANG_UP)
        start = {"type": "http.response.start", "status": problem.status, "headers": response.raw_headers}
        await answered(start)
        await answered({"type": "http.response.body", "body": response.body, "more_body": True})
        await linger(receive)
        await answered({"type": "http.response.body", "body": b""})

    def _count(self, scope: Scope, current: Current, status: int, took_s: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        metrics = self.serving.metrics
        metrics.requests.labels(method, route, str(status or 500)).inc()
        metrics.seconds.labels(route).observe(took_s)
        if current.failures:
            metrics.failures.labels(route).inc(current.failures)


class _Answered:
    """Sends an answer with its request's id, and remembers its status; 0 before any was sent."""

    def __init__(self, send: Send, current: Current) -> None:
        self._send, self.status, self.read = send, 0, False
        self._id = (HEADER.lower().encode(), current.request_id.encode())

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), self._id]}
        await self._send(message)


def _length(scope: Scope) -> int | None:
    """Return how long the body says it is; None where it does not say, as chunks need not."""
    if _header(scope, b"transfer-encoding"):
        return None
    given = _header(scope, b"content-length")
    return int(given) if given.isdecimal() else 0


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
