"""A document: one item (or one record in it) as text with structure."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

PRIMARY_KEY = {b"lance-schema:unenforced-primary-key": b"true"}
"""Without this on the key field, concurrent merges write duplicates in silence (lancedb 0.40)."""

TIMESTAMP = pa.timestamp("us", tz="UTC")
LABELS = pa.list_(pa.struct([pa.field("name", pa.string()), pa.field("value", pa.string())]))

ELEMENT_TYPES = ("heading", "paragraph", "list_item", "table", "code", "page", "message", "field")

ELEMENT = pa.struct(
    [
        pa.field("type", pa.string(), nullable=False),  # one of ELEMENT_TYPES
        pa.field("start", pa.int64(), nullable=False),  # character offset in the document's text
        pa.field("end", pa.int64(), nullable=False),  # exclusive
        pa.field("depth", pa.int32()),  # headings only, 1 is the outermost
        pa.field(
            "headings", pa.list_(pa.string()), nullable=False
        ),  # outermost first; a heading's own text last
        pa.field("page", pa.int32()),  # 1-based, where the format has pages
    ]
)

REACTION = pa.struct(
    [pa.field("name", pa.string()), pa.field("count", pa.int32()), pa.field("users", pa.list_(pa.string()))]
)

MESSAGE = pa.struct(
    [
        pa.field("start", pa.int64()),  # character offset in the document's text of what was written
        pa.field("end", pa.int64()),  # exclusive; the author's name and what is quoted lie before it
        pa.field("id", pa.string()),  # the source's own name of the message
        pa.field("author", pa.string()),
        pa.field("at", TIMESTAMP),
        pa.field("reply_to", pa.string()),  # the id of the message it answers
        pa.field("reactions", pa.list_(REACTION)),
    ]
)

DOCUMENT = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("source", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),  # the source's own name of the item
        pa.field("n", pa.int64(), nullable=False),  # which record of the item, from 0
        pa.field("record", pa.string()),  # the record's own key; null when the item is one document
        pa.field("content_hash", pa.string(), nullable=False),  # of the item's bytes, or of the record
        pa.field("record_hash", pa.string(), nullable=False),  # of what this one document was made of
        pa.field("uri", pa.string(), nullable=False),
        pa.field("title", pa.string()),  # null when the item has no title of its own
        pa.field("media_type", pa.string(), nullable=False),
        pa.field("language", pa.string()),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("elements", pa.list_(ELEMENT), nullable=False),
        pa.field("acl", pa.list_(pa.string()), nullable=False),
        pa.field("labels", LABELS, nullable=False),
        pa.field("source_at", TIMESTAMP),  # when the source says it was last changed
        pa.field("parse_fp", pa.string(), nullable=False),  # fingerprint of the parser that made it
        pa.field(
            "meta_hash", pa.string(), nullable=False
        ),  # of acl, labels, language: changes without a parse
        pa.field("status", pa.string(), nullable=False),  # live | stale
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("fetched_at", TIMESTAMP, nullable=False),
        pa.field("messages", pa.list_(MESSAGE)),  # null unless the document is a thread
    ]
)
"""One row is one document in its latest state."""

RUN_COLUMNS = ("run_id", "fetched_at", "source_at")
"""Columns that say when and by which run a row was made; equality of two stores ignores them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A typed part of a document: `text[start:end]`, under its heading path."""

    type: str
    start: int
    end: int
    depth: int | None = None
    headings: tuple[str, ...] = ()
    page: int | None = None

    def __post_init__(self) -> None:
        """Refuse a type nobody knows and a span that runs backward."""
        if self.type not in ELEMENT_TYPES:
            raise ValueError(f"unknown element type {self.type!r}")
        if not 0 <= self.start <= self.end:
            raise ValueError(f"element span {self.start}..{self.end} runs backward")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """How often a message was answered with a sign, and by whom, where the source says so."""

    name: str
    count: int
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One message of a thread: who wrote `text[start:end]`, when, in answer to what."""

    start: int
    end: int
    id: str | None = None
    author: str | None = None
    at: str | None = None
    """RFC 3339."""
    reply_to: str | None = None
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a parser makes of one item, or of one record in it."""

    text: str
    elements: tuple[Element, ...]
    title: str | None = None
    record: str | None = None
    source_at: str | None = None
    """RFC 3339, where the content itself says when it was written."""
    acl: tuple[str, ...] | None = None
    """Who may read this record, where the content itself says so."""
    flags: tuple[str, ...] = field(default=())
    """Things worth a label: `invisible_characters`, `needs_ocr`, ..."""
    messages: tuple[ThreadMessage, ...] = ()
    """In the order of the text; none for a document that is no thread."""
