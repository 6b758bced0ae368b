"""What is set in the environment before other packages are imported: no telemetry, quiet logs."""

from __future__ import annotations

import os
from pathlib import Path

QUIET = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "TOKENIZERS_PARALLELISM": "true",
}
"""Defaults; what a person has set stays."""


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
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90")
