"""What a runtime gets and gives, whichever one it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from schemas.tools import Vectors

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

    def give_back(self) -> None:
        """Give back the memory that only computing needs; the next batch takes it again."""
        ...
