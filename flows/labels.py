"""Labels: what a person calls a passage, and a fact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote


def label(title: str | None, heading: str, uri: str) -> str:
    """Return a passage's title and heading; where it has neither, its file's name and record."""
    return " > ".join(part for part in (title, heading) if part) or unquote(uri.rsplit("/", 1)[-1])


def fact_line(name: str, fact: Mapping[str, Any]) -> str:
    """Return one of a context's features as a person reads it."""
    number = f"[{fact['citation']}] " if fact["citation"] else ""
    notes = ("   STALE" if fact["stale"] else "") + (f"   {fact['problem']}" if "problem" in fact else "")
    return (
        f"{number}{name}   as of {fact['event_at']}: {json.dumps(fact['values'], ensure_ascii=False)}{notes}"
    )
