"""A question answered by the language model from its context: one stage behind every interface that answers.

What the model is sent are the context's messages, byte for byte; where nothing is relevant it is not asked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.llm import ChatModel
from schemas.context import Context
from schemas.tools import Completion
from transforms.cited import Mark, cited, marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller asks of the model's writing; what is not said is the project file's or the endpoint's."""

    max_tokens: int | None = None
    temperature: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    """Sent to the endpoint as they are, such as `stop` or `seed`."""


@dataclass(kw_only=True)
class Answer:
    """An answer while it is written: each piece that is taken from `pieces` is part of its `text`."""

    context: Context
    """What it is written from: its `messages` are what the model is sent."""
    asks: ChatModel
    wish: Wish = Wish()
    text: str = ""
    created: int = 0
    """When it was asked for, in seconds since 1970."""
    completion: Completion | None = None
    """What the endpoint counted, once the answer is whole."""

    @property
    def model(self) -> str | None:
        """The model that writes it; None where none is asked, since nothing relevant was found."""
        return self.asks.name if self.context.answerable else None

    @cached_property
    def shown(self) -> frozenset[int]:
        """The numbers it may cite: those of passages, and those of facts."""
        facts = {fact.get("citation") for fact in self.context.features.values()}
        return frozenset({one.n for one in self.context.citations} | {n for n in facts if n})

    @property
    def cited(self) -> tuple[int, ...]:
        """The numbers that it cites."""
        return cited(self.text, self.shown)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Where it cites."""
        return marks(self.text, self.shown)

    def pieces(self) -> Iterator[str]:
        """Yield it as it is written; nothing where nothing relevant was found.

        Raises UnavailableError when the model does not answer, or breaks off.
        """
        if not self.context.answerable:
            return
        writing = self._written()
        while True:
            try:
                piece = next(writing)
            except StopIteration as end:
                self.completion = end.value
                return
            self.text += piece
            yield piece

    def whole(self) -> str:
        """Return all of it, asked for at once."""
        if self.context.answerable:
            wish = self.wish
            self.completion = self.asks.complete(
                self.context.messages,
                max_tokens=wish.max_tokens,
                temperature=wish.temperature,
                options=wish.options,
            )
            self.text = self.completion.text
        return self.text

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as scripts and HTTP clients read it."""
        counted = self.completion
        return {
            "answer": self.text if self.model else None,
            "model": self.model,
            "cited": list(self.cited),
            "tokens": {
                "prompt": counted.prompt_tokens if counted else 0,
                "completion": counted.completion_tokens if counted else 0,
            },
            "context": self.context.model_dump(mode="json"),
        }

    def _written(self) -> Generator[str, None, Completion]:
        wish = self.wish
        return self.asks.stream(
            self.context.messages,
            max_tokens=wish.max_tokens,
            temperature=wish.temperature,
            options=wish.options,
        )
