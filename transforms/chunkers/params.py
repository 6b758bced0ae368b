"""What a chunker is asked."""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_LIMIT = 16
"""Below this, a third of the limit is no room for a heading."""

SIZES = ((2_000, 224), (16_000, 160))
"""Characters a document has at most, and its longest embedded string in tokens; `FINEST` for longer ones.

A short document is about one thing, and is found as a whole; of a long one a few sentences are wanted. Of
both sizes 32 tokens are kept free for the lead. Figures in `infra/decisions/0028-chunks-by-length.md`.
"""
FINEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """How documents are cut along their headings."""

    max_tokens: int | None = None
    """Longest embedded string in tokens, special tokens, heading prefix and lead included.

    None: 224, 160 or 80 by the length of each document. Small chunks are found and packed more precisely; a
    context puts neighbors together again.
    """

    def __post_init__(self) -> None:
        """Refuse a limit that leaves no room for text beside its headings."""
        if self.max_tokens is not None and self.max_tokens < SMALLEST_LIMIT:
            raise ValueError(f"max_tokens is {self.max_tokens}; it must be at least {SMALLEST_LIMIT}")

    @property
    def longest_tokens(self) -> int:
        """The longest embedded string of any document."""
        return self.limit_tokens(0)

    def limit_tokens(self, characters: int) -> int:
        """Return the longest embedded string of a document of so many characters."""
        if self.max_tokens is not None:
            return self.max_tokens
        return next((tokens for most, tokens in SIZES if characters <= most), FINEST)
