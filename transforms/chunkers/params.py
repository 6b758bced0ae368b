"""What a chunker is asked."""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_LIMIT = 16
"""Below this, a third of the limit is no room for a heading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """How documents are cut along their headings."""

    max_tokens: int = 128
    """Longest embedded string in tokens, special tokens and heading prefix included.

    Small chunks are found and packed more precisely; a context puts neighbors together again.
    """

    def __post_init__(self) -> None:
        """Refuse a limit that leaves no room for text beside its headings."""
        if self.max_tokens < SMALLEST_LIMIT:
            raise ValueError(f"max_tokens is {self.max_tokens}; it must be at least {SMALLEST_LIMIT}")
