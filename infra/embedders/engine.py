"""What a runtime gets and gives, whichever one it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from schemas.tools import Vectors

T = TypeVar("T")
Task = Literal["query", "document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts of one kind with the prompt that goes before each; `token_ids` are those of prompt and text."""

    texts: Sequence[str]
    task: Task
    prompt: str
    token_ids: Sequence[Sequence[int]]


class Engine(Protocol):
    """Computes the unit vectors of a batch; may be called by several threads."""

    runtime: str

    def vectors(self, batch: Batch) -> Vectors:
        """Return one unit vector per text, shape (texts, dimension)."""
        ...

    def read(self, batch: Batch, keep: Callable[[Vectors], T]) -> tuple[Vectors, list[T]]:
        """Return the unit vectors, and of each text what `keep` makes of its tokens' vectors.

        Those have the shape (tokens, dimension), special tokens included, and are not of unit length; only
        for models that pool by the mean.
        """
        ...

    def give_back(self) -> None:
        """Give back the memory that only computing needs; the next batch takes it again."""
        ...
