"""What healthy tables look like, as plain declarations; `transforms.suites` judges a batch by them.

Two weights: an expectation that fails stops the publish, unless it is a note. Rules about shares of a batch
are notes, since a batch can be one document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["present", "unique", "between", "one_of", "matches"]

UNIT_TOLERANCE = 1e-3
"""How far a unit vector's norm may be from 1: half precision runtimes stay within it."""

LONGEST_DOCUMENT_CHARACTERS = 50_000_000

ID_PATTERN = "^[0-9a-f]{32}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One rule about one column, in words (`text`) and in parameters."""

    text: str
    column: str
    """A column of the table, or one that `transforms.suites` derives: `text_characters`, `readers`, ..."""
    rule: Kind
    params: Mapping[str, Any] = field(default_factory=dict)
    mostly: float = 1.0
    """Share of the rows that must keep it; nulls are only counted by `present`."""
    note: bool = False
    """Worth telling, and never stops a publish."""

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.mostly <= 1:
            raise ValueError(f"mostly is {self.mostly}; it must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is expected of one table."""

    name: str
    id_column: str
    """Names the rows that break a rule."""
    expectations: tuple[Expectation, ...]


def documents_suite(languages: tuple[str, ...] = ()) -> Suite:
    """Return what is expected of documents; `languages` are those the sources are configured with."""
    spoken = _one_of("languages are the configured ones", "language", languages, mostly=0.95, note=True)
    return Suite(
        name="documents",
        id_column="document_id",
        expectations=(
            *_identified("document_id"),
            _present("every document names its source", "source"),
            _present("every document has an address", "uri"),
            _between("text is neither empty nor huge", "text_characters", 1, LONGEST_DOCUMENT_CHARACTERS),
            _between("every document has elements", "element_count", 1, None),
            _between("somebody may read every document", "readers", 1, None),
            _one_of("status is live or stale", "status", ("live", "stale")),
            _one_of("at most a tenth is stale", "status", ("live",), mostly=0.9, note=True),
            _present("at least half have a title of their own", "title", mostly=0.5, note=True),
            _unique("at most a tenth repeats another", "record_hash", mostly=0.9, note=True),
            *([spoken] if languages else []),
        ),
    )


def chunks_suite(max_tokens: int) -> Suite:
    """Return what is expected of chunks under a limit in tokens."""
    return Suite(
        name="chunks",
        id_column="chunk_id",
        expectations=(
            *_identified("chunk_id"),
            _present("every chunk names its document", "document_id"),
            _between(f"tokens are between 1 and {max_tokens}", "tokens", 1, max_tokens),
            _between("spans run forward", "span_characters", 1, None),
            _between("spans are as long as what they quote", "span_surplus", 0, 0),
            _between("somebody may read every chunk", "readers", 1, None),
            _one_of("status is live or stale", "status", ("live", "stale")),
            _between("most chunks say more than a heading", "tokens", 16, max_tokens, mostly=0.8, note=True),
            _unique("at most a tenth repeats another", "text_hash", mostly=0.9, note=True),
        ),
    )


def embeddings_suite(dimension: int, *, token_signs: bool = False) -> Suite:
    """Return what is expected of embedded chunks of a dimension."""
    low, high = 1 - UNIT_TOLERANCE, 1 + UNIT_TOLERANCE
    signs = (_between("every token has its signs", "signs_surplus", 0, 0),) if token_signs else ()
    return Suite(
        name="embeddings",
        id_column="chunk_id",
        expectations=(
            *_identified("chunk_id"),
            _between(f"vectors have {dimension} numbers", "dimension", dimension, dimension),
            _present("every vector is finite", "norm"),
            _between("vectors have length 1", "norm", low, high),
            _present("every vector says what computed it", "runtime"),
            *signs,
        ),
    )


def _identified(column: str) -> tuple[Expectation, ...]:
    return (
        _present(f"{column} is present", column),
        _unique(f"{column} is unique", column),
        Expectation(text=f"{column} is an id", column=column, rule="matches", params={"regex": ID_PATTERN}),
    )


def _present(text: str, column: str, **more: Any) -> Expectation:
    return Expectation(text=text, column=column, rule="present", **more)


def _unique(text: str, column: str, **more: Any) -> Expectation:
    return Expectation(text=text, column=column, rule="unique", **more)


def _between(text: str, column: str, low: float | None, high: float | None, **more: Any) -> Expectation:
    return Expectation(text=text, column=column, rule="between", params={"low": low, "high": high}, **more)


def _one_of(text: str, column: str, values: tuple[str, ...], **more: Any) -> Expectation:
    return Expectation(text=text, column=column, rule="one_of", params={"values": values}, **more)
