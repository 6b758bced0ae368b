"""Counts as reports say them."""

from __future__ import annotations


def count(number: int, what: str) -> str:
    """Return a number with its noun, in the plural unless it is one: `1 chunk`, `2,000 chunks`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
