"""A real server on loopback, in a thread of the test's process, and a client that calls it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from flows.serving.app import create_app
from flows.serving.running import check_open, listen, settings
from flows.serving.serving import Serving
from flows.workspace import Workspace
from schemas.serve import ServeSection

START_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that listens, and what it serves with."""

    url: str
    app: FastAPI
    serving: Serving
    client: httpx.Client

    def as_key(self, key: str) -> httpx.Client:
        """Return a client that sends an API key; the caller closes it."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def ask(self, question: str, **more: Any) -> Any:
        """Return the context for a question, which must be answered."""
        answer = self.client.post("/v1/context", json={"question": question, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def running(workspace: Workspace, **given: Any) -> Iterator[Running]:
    """Serve a workspace on a free port, with settings of `serve:` of one's own."""
    section = ServeSection(**{"port": 0, **given})
    check_open(workspace, section)
    listening = listen(section)
    serving = Serving(workspace, section)
    app = create_app(serving)
    server = uvicorn.Server(settings(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        deadline = time.monotonic() + START_S
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            assert thread.is_alive(), "the server ended at once"
            time.sleep(0.01)
        with httpx.Client(base_url=url, timeout=60) as client:
            yield Running(url=url, app=app, serving=serving, client=client)
    finally:
        server.should_exit = True
        thread.join(START_S)
        assert not thread.is_alive(), "the server did not stop"


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a server does once it has answered: counting, writing its logs."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)
