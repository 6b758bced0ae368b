"""What a parser is asked: which item, and how its records become documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.document import Parsed
from schemas.quarantine import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseParams:
    """How an item of a source is read. Formats without records ignore the record settings."""

    records: Literal["rows", "file", "threads"] = "file"
    """`rows`: csv, json(l) and xlsx give one document per record; `file`: one per item; `threads`: json(l)
    gives one per thread of messages."""
    record_key: str | None = None
    """Column that names a record; without it the record's number does."""
    title: str | None = None
    """Column that is the record's title."""
    text: tuple[str, ...] = ()
    """Columns that make the record's text, in order; none means all of them."""
    time: str | None = None
    """Column with the time the record was last changed."""
    acl: str | None = None
    """Column with who may read the record: one entry, or several separated by commas."""
    language: str = "en"
    fields: tuple[tuple[str, str], ...] = ()
    """Of a thread's message: what it is (`author`, `at`, ...), and the field that holds it."""

    def __post_init__(self) -> None:
        """Refuse record settings that could not take effect."""
        if self.records not in ("rows", "file", "threads"):
            raise ValueError(f"records is {self.records!r}; it must be 'rows', 'file' or 'threads'")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A record that was rejected while its neighbors in the same item passed."""

    record: str
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseResult:
    """Everything one item gave: its documents, and the records that were rejected."""

    parsed: tuple[Parsed, ...]
    rejected: tuple[BadRecord, ...] = ()
