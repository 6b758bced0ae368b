"""What each dataset type is asked: its own settings in the project file."""

from __future__ import annotations

from dataclasses import dataclass

QUESTIONS_MAX = 8
"""Rows from one document by default: a long page must not drown the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qa:
    """Questions that documents answer, in documents' own words."""

    grounded: bool = True
    """With the served passages in the prompt; without, the bare question (a closed-book row)."""
    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing."""
        _at_least("max_per_document", self.max_per_document, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triplets:
    """Anchors with the passage that answers them and passages that only look as if they did."""

    hard_negatives: int = 4
    max_per_document: int = QUESTIONS_MAX
    max_similarity: float = 0.9
    """Cosine similarity to the positive from which a passage says the same and is no negative."""
    margin: float = 0.95
    """A negative must be less similar to the anchor than this share of what the positive is."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant."""
        _at_least("hard_negatives", self.hard_negatives, 1)
        _at_least("max_per_document", self.max_per_document, 1)
        for name in ("max_similarity", "margin"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One author's replies, each after what came before it in its thread."""

    author: str
    """Whose replies, by the name that the threads have."""
    system: str = "You are {author}. Reply as {author} would."
    """The system prompt; none if empty."""
    max_messages: int = 16
    """Messages before the reply at most, the nearest ones and those it answers."""
    max_tokens: int = 2048
    """Tokens of prompt and reply at most: the oldest messages are left out first."""
    min_words: int = 3
    """A reply of fewer words teaches no style."""

    def __post_init__(self) -> None:
        """Refuse an author without a name and limits that allow nothing."""
        if not self.author.strip():
            raise ValueError("author is empty; name one who writes in the threads")
        _at_least("max_messages", self.max_messages, 1)
        _at_least("max_tokens", self.max_tokens, 16)
        _at_least("min_words", self.min_words, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Documents as running text, to train a model further on."""

    max_tokens: int = 2048
    """Tokens of a row at most, title and separator included."""
    min_tokens: int = 32
    """A document that has less says too little."""
    separator: str = ""
    """What ends a document, such as `<|endoftext|>`; trainers that pack rows add their own."""

    def __post_init__(self) -> None:
        """Refuse limits that allow nothing."""
        _at_least("max_tokens", self.max_tokens, 64)
        _at_least("min_tokens", self.min_tokens, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Questions and headings, each with the passage that answers it."""

    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing."""
        _at_least("max_per_document", self.max_per_document, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beir:
    """Questions with the documents that answer them, to evaluate retrieval on."""

    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing."""
        _at_least("max_per_document", self.max_per_document, 1)


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")
