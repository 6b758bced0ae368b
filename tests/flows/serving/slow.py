"""A request-time function that takes as long as the question says: `wait 0.5`, or a moment."""

from __future__ import annotations

import re
import time


def wait(_entities: dict[str, str], question: str) -> str:
    """Sleep, so that a request is in work for a while."""
    said = re.search(r"wait (\d+\.?\d*)", question)
    time.sleep(float(said.group(1)) if said else 0)
    return "rested"
