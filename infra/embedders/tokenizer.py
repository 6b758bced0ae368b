"""The model's own tokenizer, which counts and never cuts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers import normalizers

from schemas.errors import EmbedderError

WORD = re.compile(r"[^ \t\r\n]+")
"""White space at which every BERT tokenizer parts; of other kinds it drops some and parts at others."""
OTHER_SPACE = re.compile("[\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
"""All else that `str.split` parts at: a text without such is parted as by WORD, three times as fast."""
WORD_CHARS = 64
WORDS = 100_000
"""Words whose tokens are remembered: 10 MB. A full memory starts anew."""
TEXTS, TEXT_CHARS = 4_096, 2_000
"""Texts whose sums are remembered, the last that were asked for, and the longest of them: 8 MB at most."""
NORMALIZERS = ("BertNormalizer", "Lowercase")


class ModelTokenizer:
    """A `schemas.tools.Tokenizer` that reads tokenizer.json; truncation and padding are switched off.

    `prefix` is the prompt that the embedder puts before each document: it is counted too.
    """

    def __init__(self, file: Path, *, prefix: str = "", lowercase: bool = False) -> None:
        if not file.is_file():
            raise EmbedderError(f"the model lacks {file}", fix="save it with its fast tokenizer")
        self._backend = Backend.from_file(str(file))
        self._backend.no_truncation()
        self._backend.no_padding()
        if lowercase:
            own = [self._backend.normalizer] if self._backend.normalizer else []
            self._backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
        self._prefix = prefix
        self._words: dict[str, int] | None = {} if _reads_word_by_word(self._backend) else None
        self._special = len(self.ids([""])[0])
        self._remembered = lru_cache(TEXTS)(self._summed)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens the embedder would read for each text.

        Where a tokenizer reads each word by itself, a word's tokens are counted once: 20 times sooner.
        """
        words = self._words
        if words is None:
            return [len(ids) for ids in self.ids([self._prefix + text for text in texts])]
        try:
            return [self._of(text) for text in texts]
        except KeyError:
            found = [_words(self._prefix + text) for text in texts]
            rest = self._learned(set().union(*found), words)
        if not rest:
            return [self._of(text) for text in texts]
        return [
            self._special + sum(rest[word] if word in rest else words[word] for word in of) for of in found
        ]

    def _of(self, text: str) -> int:
        return self._remembered(text) if len(text) <= TEXT_CHARS else self._summed(text)

    def _summed(self, text: str) -> int:
        """Add up a text's words; raises KeyError for one that is not known."""
        words = self._words or {}
        return self._special + sum(map(words.__getitem__, _words(self._prefix + text)))

    def _learned(self, wanted: Iterable[str], words: dict[str, int]) -> dict[str, int]:
        """Count words that are not remembered; return those that are not to be: long ones, or too many."""
        new = [word for word in wanted if word not in words]
        if not new:
            return {}
        counted = dict(zip(new, (len(ids) - self._special for ids in self.ids(new)), strict=True))
        if len(words) + len(counted) > WORDS:
            self._words = {}
            return counted
        words.update((word, tokens) for word, tokens in counted.items() if len(word) <= WORD_CHARS)
        return {word: tokens for word, tokens in counted.items() if len(word) > WORD_CHARS}

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of a text, special tokens left out."""
        spans: list[tuple[int, int]] = self._backend.encode(text, add_special_tokens=False).offsets
        return spans

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of a text; special tokens have an empty one."""
        spans: list[tuple[int, int]] = self._backend.encode(text).offsets
        return spans

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text as it stands, special tokens included."""
        return [encoding.ids for encoding in self._backend.encode_batch_fast(list(texts))]


def _words(text: str) -> list[str]:
    return text.split() if OTHER_SPACE.search(text) is None else WORD.findall(text)


def _reads_word_by_word(backend: Backend) -> bool:
    """Tell whether tokens never reach over white space, and one word becomes the same beside any other."""
    kinds = [type(backend.normalizer).__name__]
    if isinstance(backend.normalizer, normalizers.Sequence):
        steps: Any = backend.normalizer
        kinds = [type(one).__name__ for one in steps]
    return (
        all(kind in NORMALIZERS for kind in kinds)
        and type(backend.pre_tokenizer).__name__ == "BertPreTokenizer"
        and type(backend.model).__name__ == "WordPiece"
    )
