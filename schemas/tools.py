"""The tools that flows hand to transforms: what they can do, and nothing about how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from schemas.context import Message

Vectors = npt.NDArray[np.float32]

Clock = Callable[[], datetime]
"""Says what time it is, with its zone."""


class Tokenizer(Protocol):
    """Counts tokens exactly as the embedder (or the language model) will."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens included."""
        ...

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of a text, special tokens left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What an embedder makes of documents."""

    vectors: Vectors
    """One unit vector per text, shape (texts, dimension)."""
    token_signs: tuple[bytes, ...] | None
    """Of each text, as `schemas.token_signs` packs them; None where the embedder has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedQuestion:
    """What an embedder makes of a question."""

    vector: Vectors
    """Its unit vector, shape (dimension,)."""
    tokens: Vectors
    """The unit vector of each token, special tokens included, shape (tokens, dimension)."""
    spans: tuple[tuple[int, int], ...]
    """Where in the question each of them stands; an empty span for one that does not."""


class Embedder(Protocol):
    """Turns texts into unit vectors of one fixed dimension."""

    name: str
    """The model's name as configured."""
    fingerprint: str
    """Weights, revision, pooling, normalization, prompts, maximum length, dimension; not the runtime."""
    runtime: str
    """What computes: `torch-fp32`, `openvino-bf16`, `cuda-fp16`, ..."""
    dimension: int
    max_tokens: int
    """Longest input in tokens, special tokens included; longer ones would be cut in silence."""
    tokenizer: Tokenizer
    has_token_signs: bool
    """Whether documents come with the signs of their tokens' vectors."""

    def encode_documents(self, texts: Sequence[str]) -> Encoded:
        """Return what there is to keep of texts."""
        ...

    def encode_question(self, text: str) -> EncodedQuestion:
        """Return a question's vector and those of its tokens; only with `has_token_signs`."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text, shape (len(texts), dimension)."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, shape (dimension,)."""
        ...

    def give_back(self) -> None:
        """Give back the memory that only computing needs; the next text takes it again."""
        ...


class Reranker(Protocol):
    """Reads a question together with a passage, and says how well that answers it."""

    name: str

    def scores(
        self, question: str, texts: Sequence[str], *, within_s: float | None = None
    ) -> list[float] | None:
        """Return a score per text, higher is better; None where that takes longer than `within_s`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a language model wrote, and what it counted."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"
    """`length` where it was cut off at the most tokens it may have."""


class LanguageModel(Protocol):
    """Writes the next message of a conversation."""

    name: str
    """The model's name, as its endpoint knows it."""

    def complete(
        self, messages: Sequence[Message], *, max_tokens: int | None = None, temperature: float = 0.0
    ) -> Completion:
        """Return the whole answer. Raises UnavailableError when the endpoint does not answer."""
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int | None = None, temperature: float = 0.0
    ) -> Iterator[str]:
        """Yield the answer in pieces as they are written."""
        ...
