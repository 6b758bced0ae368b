"""A body is read once it is known who sends it, at no slower a pace than may be, and holds nobody else up."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.types import Message

from flows.serving import bodies
from flows.serving.bodies import Bodies
from infra.store.keys import add_key
from schemas.context import Principal
from schemas.errors import OverloadedError
from tests.flows.projects import Project
from tests.flows.serving.conftest import copy_of
from tests.flows.serving.running import Running, running, until

BODY = 2_000
MEMBERS = {"type", "title", "status", "code", "detail", "fix", "state"}
CHUNKED = "Transfer-Encoding: chunked"


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """A server that takes little, and a key for it."""

    server: Running
    key: str

    def line(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", httpx.URL(self.server.url).port or 0), timeout=10)

    def head(self, *more: str, path: str = "/v1/context", key: bool = True) -> bytes:
        """The head of a POST whose body is to follow."""
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *more]
        lines += [f"Authorization: Bearer {self.key}"] if key else []
        return "\r\n".join([*lines, "", ""]).encode()

    def count(self, status: int) -> float:
        """How many requests were counted with a status, whatever their route."""
        registry = self.server.serving.metrics.registry
        samples = [sample for metric in registry.collect() for sample in metric.samples]
        mine = [one for one in samples if one.name == "headwater_requests_total"]
        return sum(one.value for one in mine if one.labels["status"] == str(status))


@dataclass(kw_only=True)
class Pieces:
    """What a server receives a body from, in a test of it alone."""

    waiting: list[bytes] = field(default_factory=list)

    async def __call__(self) -> Message:
        return {"type": "http.request", "body": self.waiting.pop(0), "more_body": bool(self.waiting)}


@pytest.fixture(scope="module")
def keyed(library: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    workspace = copy_of(library, tmp_path_factory.mktemp("keyed") / "project").open()
    key = add_key(workspace.store, "ann", Principal(user="ann"), ["read"], now=workspace.clock())
    with running(workspace, concurrency=1, queue=1, max_body_bytes=BODY) as server:
        yield Keyed(server=server, key=key)


def answered(line: socket.socket) -> tuple[int, dict[str, str], Any]:
    """The status, the headers and the JSON of an answer whose connection is left open."""
    come = b""
    while b"\r\n\r\n" not in come:
        come += line.recv(65_536) or pytest.fail(f"the line was closed after {come!r}")
    head, _, body = come.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    while len(body) < int(headers["content-length"]):
        body += line.recv(65_536) or pytest.fail(f"the line was closed after {body!r}")
    return int(first.split()[1]), headers, json.loads(body)


def test_without_a_key_no_route_waits_for_a_body_or_asks_for_it(keyed: Keyed) -> None:
    app: Any = keyed.server.app
    routes = [str(one.path) for one in iter_route_contexts(app.routes) if "POST" in (one.methods or ())]
    assert len(routes) > 8
    for path in routes:
        for length in ("Content-Length: 1500", CHUNKED):
            with closing(keyed.line()) as line:
                line.sendall(keyed.head(length, "Expect: 100-continue", path=path, key=False))
                status, headers, told = answered(line)

            assert (status, headers["connection"]) == (401, "close"), path
            assert told.get("code") == "unauthenticated" or told["error"]["code"] == "invalid_api_key"


def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_long(keyed: Keyed) -> None:
    with closing(keyed.line()) as line:
        line.sendall(keyed.head(CHUNKED) + f"{BODY + 1:x}\r\n".encode() + b" " * (BODY + 1) + b"\r\n")
        status, headers, problem = answered(line)

    assert (status, headers["content-type"], headers["connection"]) == (
        413,
        "application/problem+json",
        "close",
    )
    assert (set(problem), problem["status"], str(BODY) in problem["detail"]) == (MEMBERS, 413, True)


def test_bodies_that_stall_take_no_turn_and_no_place_in_the_queue(keyed: Keyed) -> None:
    gone = keyed.count(499)
    with ExitStack() as lines, keyed.server.as_key(keyed.key) as client:
        for _ in range(80):  # more than may be open
            line = lines.enter_context(closing(keyed.line()))
            line.sendall(keyed.head("Content-Length: 1500") + b"{")
        asked = {"question": "What does the sensor of station 3 cost?"}
        assert client.post("/v1/context", json=asked).status_code == 200

    until(lambda: keyed.count(499) == gone + 80)


def test_a_body_that_comes_byte_by_byte_is_refused_when_its_time_is_over(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "GRACE_S", 0.2)
    with closing(keyed.line()) as line:
        line.sendall(keyed.head("Content-Length: 1500") + b"{")
        line.settimeout(0.02)
        sent, told = 0, b""
        while not told and sent < 1_000:
            line.sendall(b" ")
            sent += 1
            try:
                told = line.recv(65_536)
            except TimeoutError:
                continue

    assert told.startswith(b"HTTP/1.1 408 ")


def test_a_long_body_may_take_longer_the_more_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_S", 0.2)
    pieces = [b"a" * bodies.SLOWEST] * 3  # a second more each

    async def slow() -> Message:
        await asyncio.sleep(0 if len(pieces) == 3 else 0.2)
        return {"type": "http.request", "body": pieces.pop(), "more_body": bool(pieces)}

    async def read() -> bytes:
        async with Bodies(bodies.SLOWEST * 3).read(slow) as whole:
            return bytes((await whole())["body"])

    assert len(asyncio.run(read())) == bodies.SLOWEST * 3


def test_bodies_hold_so_many_bytes_together_and_give_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "TOGETHER", 10)
    monkeypatch.setattr(bodies, "AT_LEAST", 1)
    kind = Bodies(8)

    def body() -> Pieces:
        return Pieces(waiting=[b"1234", b"56"])

    async def read() -> None:
        async with kind.read(body()) as whole:
            assert (await whole())["body"] == b"123456"
            for _ in range(2):
                with pytest.raises(OverloadedError):
                    async with kind.read(body()):
                        pass
        async with kind.read(body()) as whole:
            assert (await whole())["body"] == b"123456"

    asyncio.run(read())
