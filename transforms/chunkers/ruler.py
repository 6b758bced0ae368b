"""Ruler: how many tokens a text has, and where they start."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise

from schemas.tools import Tokenizer

WIDEST_TOKEN = 16
"""Characters. A run of white space, or a word that the tokenizer does not know, is one token or none, however
long; counted as one token per 16 characters it cannot make a chunk that no prompt has room for."""

_STRETCH_CHARACTERS = 100_000
_BATCH_TEXTS = 4096
"""Both bound what the tokenizer holds at once, whatever the size of a document."""


class Ruler:
    """Measures with one tokenizer, and remembers the sizes of titles and headings."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.special, newline, arrow = tokenizer.count(["", "\n", " > "])
        self.newline = max(0, newline - self.special)
        self.arrow = max(0, arrow - self.special)
        self._sizes: dict[str, int] = {"": 0}

    def learn(self, texts: Iterable[str]) -> None:
        """Measure texts that will be asked for, all at once."""
        unknown = sorted({text for text in texts if text not in self._sizes})
        for text, count in zip(unknown, self._tokenizer.count(unknown), strict=True):
            self._sizes[text] = max(0, count - self.special)

    def size(self, text: str) -> int:
        """Return the number of tokens of a text, special tokens left out."""
        if text not in self._sizes:
            self.learn([text])
        return self._sizes[text]

    def counts(self, texts: list[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens included."""
        batches = range(0, len(texts), _BATCH_TEXTS)
        return [count for low in batches for count in self._tokenizer.count(texts[low : low + _BATCH_TEXTS])]

    def starts(self, text: str, at: int = 0) -> array[int]:
        """Return the character offset of each token of a text that itself starts at `at`."""
        starts = array("q")
        for low, high in _stretches(text):
            offsets = self._tokenizer.offsets(text[low:high])
            starts.extend(_narrowed(sorted(start for start, _ in offsets), high - low, low + at))
        return starts

    def cut(self, text: str, tokens: int) -> str:
        """Return the start of a text that has at most so many tokens."""
        starts = self.starts(text)
        return text if len(starts) <= tokens else text[: starts[max(0, tokens)]].rstrip()


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    low = 0
    while len(text) - low > _STRETCH_CHARACTERS:
        high = low + _STRETCH_CHARACTERS
        space = max(text.rfind(" ", low, high), text.rfind("\n", low, high))
        high = space if space > low else high
        yield low, high
        low = high
    yield low, len(text)


def _narrowed(starts: list[int], end: int, shift: int) -> Iterator[int]:
    """Yield the starts, and one more in every 16 characters that have none."""
    leading = [0] if not starts or starts[0] > WIDEST_TOKEN else []
    for start, following in pairwise([*leading, *starts, end]):
        yield start + shift
        if following - start > WIDEST_TOKEN:
            yield from range(start + WIDEST_TOKEN + shift, following + shift, WIDEST_TOKEN)
