"""Running the server: who may be listened to, the socket, and the end."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import uvicorn

from flows.serving.app import create_app
from flows.serving.serving import Serving
from flows.workspace import Workspace
from infra.store.keys import keys
from schemas.errors import ConfigError, UnavailableError
from schemas.serve import ServeSection

GRACE_S = 20
"""What requests in progress have to end once the server is told to stop."""
BACKLOG = 256


def serve_until_stopped(
    workspace: Workspace,
    given: Mapping[str, Any],
    say: Callable[[str], None],
    warming: Future[bool] | None = None,
) -> None:
    """Serve until a signal says stop; then finish what is in progress and write the log.

    Raises ConfigError where others than this machine could call and no key was ever made, UnavailableError
    where the address cannot be listened at.
    """
    section = ServeSection(**workspace.opened.project.serve.model_dump() | dict(given))
    check_open(workspace, section)
    listening = listen(section)
    host, port = listening.getsockname()[:2]
    say(f"serving http://{f'[{host}]' if ':' in host else host}:{port}   Ctrl-C stops it")
    server = uvicorn.Server(settings(create_app(Serving(workspace, section, warming))))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    say("stopped")


def settings(app: Any) -> uvicorn.Config:
    """Return how uvicorn runs an application."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
        lifespan="on",
    )


def check_open(workspace: Workspace, section: ServeSection) -> None:
    """Raise ConfigError where others than this machine could call and no key was ever made."""
    if not section.is_loopback and not keys(workspace.store):
        raise ConfigError(
            f"{section.host!r} can be reached from other machines, and no API key was made",
            fix="make one with `headwater keys add NAME --as user:NAME`, or listen on 127.0.0.1",
        )


def listen(section: ServeSection) -> socket.socket:
    """Return a listening socket. Raises UnavailableError where the address is taken or not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            section.host, section.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)  # who comes before the application is up waits a moment
    except OSError as problem:
        raise UnavailableError(
            f"cannot listen at {section.host}:{section.port}: {problem.strerror or problem}",
            fix="free the port, or name another with --port",
        ) from problem
    return listening
