"""Labels: what a person calls a passage."""

from __future__ import annotations

from urllib.parse import unquote


def label(title: str | None, heading: str, uri: str) -> str:
    """Return a passage's title and heading; where it has neither, its file's name and record."""
    return " > ".join(part for part in (title, heading) if part) or unquote(uri.rsplit("/", 1)[-1])
