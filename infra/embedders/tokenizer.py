"""The model's own tokenizer, which counts and never cuts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer as Backend
from tokenizers import normalizers

from schemas.errors import EmbedderError


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

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens the embedder would read for each text."""
        return [len(ids) for ids in self.ids([self._prefix + text for text in texts])]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of a text, special tokens left out."""
        spans: list[tuple[int, int]] = self._backend.encode(text, add_special_tokens=False).offsets
        return spans

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text as it stands, special tokens included."""
        return [encoding.ids for encoding in self._backend.encode_batch_fast(list(texts))]
