"""A language model on this machine: a real HTTP server that speaks OpenAI's chat-completions protocol.

It writes what it is told to, keeps the exact bytes of every request, and fails on demand.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Write = Callable[[list[dict[str, Any]]], str]
"""What an answer is made by, from the messages of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.json["messages"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How the next request fails: with a status before the answer, or in the middle of it."""

    status: int = 503
    body: str = '{"error": {"message": "out of order", "type": "server_error", "code": null}}'
    headers: dict[str, str] = field(default_factory=dict)
    after_pieces: int | None = None
    """Break the connection after so many pieces of a streamed answer; 0: without any answer at all."""


class LlmServer(ThreadingHTTPServer):
    """Answers with the scripted answers in their order, then with `write` of the messages."""

    daemon_threads = True
    model = "scripted"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.asked: list[Asked] = []
        self.answers: deque[str | Write] = deque()
        """What the next requests are answered with, one each."""
        self.write: Write = lambda messages: f"You said: {messages[-1]['content']}"
        self.failures: deque[Failure] = deque()
        """How the next requests fail, one each, before any is answered."""
        self.pause_s = 0.0
        """How long it thinks before it answers, and between two pieces."""
        self.api_key: str | None = None
        """Where set, a request without it is refused with 401."""

    @property
    def url(self) -> str:
        """Its `base_url`."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def settings(self, **others: Any) -> dict[str, Any]:
        """Return the `llm:` section of a project file that asks it."""
        return {"base_url": self.url, "model": self.model, **others}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that left before it was answered."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def llm_server_running() -> Iterator[LlmServer]:
    """Run one, and end it."""
    server = LlmServer()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


class _Answering(BaseHTTPRequestHandler):
    server: LlmServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        models = [{"id": self.server.model, "object": "model", "created": 0, "owned_by": "tests"}]
        self._send(200, json.dumps({"object": "list", "data": models}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(path=self.path, headers=headers, body=body)
        self.server.asked.append(asked)
        key = self.server.api_key
        if key is not None and headers.get("authorization") != f"Bearer {key}":
            said = headers.get("authorization", "none").removeprefix("Bearer ")
            self._refuse(401, f"Incorrect API key provided: {said}", "invalid_api_key")
            return
        if self.path != "/v1/chat/completions":
            self._refuse(404, f"Unknown request URL: POST {self.path}", "unknown_url")
            return
        failure = self.server.failures.popleft() if self.server.failures else None
        if failure is not None and failure.after_pieces is None:
            self._send(failure.status, failure.body, **failure.headers)
            return
        self._answer(asked, failure.after_pieces if failure else None)

    def _answer(self, asked: Asked, pieces: int | None) -> None:
        time.sleep(self.server.pause_s)
        if pieces == 0:
            self.close_connection = True
            return
        answer = self.server.answers.popleft() if self.server.answers else self.server.write
        text = answer if isinstance(answer, str) else answer(asked.messages)
        read = sum(len(str(message["content"]).split()) for message in asked.messages)
        written = len(text.split())
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        if asked.json.get("stream"):
            self._stream(asked, text, usage, pieces)
            return
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self._send(200, json.dumps(self._said("chat.completion", [choice]) | {"usage": usage}))

    def _stream(self, asked: Asked, text: str, usage: dict[str, int], pieces: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        words = [word + " " for word in text.split(" ")]
        words[-1] = words[-1][:-1]
        for n, word in enumerate(words):
            if n == pieces:
                self.close_connection = True
                return
            self._event(self._said("chat.completion.chunk", [_delta({"role": "assistant", "content": word})]))
            time.sleep(self.server.pause_s)
        self._event(self._said("chat.completion.chunk", [_delta({}, "stop")]))
        if (asked.json.get("stream_options") or {}).get("include_usage"):
            self._event(self._said("chat.completion.chunk", []) | {"usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _said(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        name = f"chatcmpl-{len(self.server.asked)}"
        return {"id": name, "object": kind, "created": 0, "model": self.server.model, "choices": choices}

    def _event(self, said: dict[str, Any]) -> None:
        self._chunk(f"data: {json.dumps(said)}\n\n".encode())

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
        self.wfile.flush()

    def _refuse(self, status: int, message: str, code: str) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        self._send(status, json.dumps({"error": error}))

    def _send(self, status: int, body: str, **headers: str) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _delta(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}
