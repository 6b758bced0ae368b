"""Where OpenLineage events go: a file that grows by a line each, or an address that takes a POST."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import httpx

LOG = logging.getLogger("headwater.lineage")
TIMEOUT_S = 5.0


def send(event: dict[str, Any], to: str, root: Path) -> bool:
    """Hand an event over, and tell whether it arrived: a run does not fail for a catalog that is away.

    `to` is an http(s) address, or a file, relative to `root`.
    """
    try:
        if to.startswith(("http://", "https://")):
            httpx.post(to, json=event, timeout=TIMEOUT_S).raise_for_status()
        else:
            path = root / to
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(event, ensure_ascii=False) + "\n")
    except (httpx.HTTPError, OSError) as problem:
        LOG.warning("a lineage event did not arrive at %s: %s", to, problem)
        return False
    return True
