"""What is set in the environment before other packages are imported: no telemetry, quiet logs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER_START_S = 90

QUIET = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "TOKENIZERS_PARALLELISM": "true",
}
"""Defaults; what a person has set stays."""

DATABASE = "HEADWATER_PREFECT_DATABASE"
"""Names the PostgreSQL database that `headwater up` has Prefect keep its state in, instead of a file."""

DEPLOYED = {**QUIET, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
"""What runs of deployments are given besides, whatever worker starts them: a heartbeat of 30 s."""


def quiet() -> None:
    """Switch telemetry off, unless the person running this has said otherwise."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def ephemeral_prefect(home: Path) -> None:
    """Let flows run on Prefect's ephemeral server in a home of their own, whatever is configured."""
    quiet()
    os.environ.pop("PREFECT_API_URL", None)
    os.environ["PREFECT_HOME"] = str(home)
    os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", str(SERVER_START_S))


def prefect_started() -> None:
    """Start Prefect's ephemeral server now, which the first flow run would otherwise wait for."""
    from prefect.server.api.server import SubprocessASGIServer

    SubprocessASGIServer().start(SERVER_START_S)


@contextmanager
def without_heartbeats() -> Iterator[None]:
    """Run flows without heartbeats, for which each waits a second at its end; nobody watches them here."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
