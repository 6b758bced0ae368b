"""Quarantine: what did not pass, and why. Nothing is dropped in silence."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

from schemas.document import TIMESTAMP


class Reason(StrEnum):
    """Why an item, a document or a chunk was rejected: a closed list, so that reports can count it."""

    EMPTY_ITEM = "empty_item"
    EMPTY_AFTER_PARSE = "empty_after_parse"
    NEEDS_OCR = "needs_ocr"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    BAD_RECORD = "bad_record"
    DUPLICATE_RECORD = "duplicate_record"
    PARSER_FAILED = "parser_failed"
    PARSER_TIMEOUT = "parser_timeout"
    PARSER_MEMORY = "parser_memory"
    PARSER_CRASHED = "parser_crashed"
    OUTPUT_TOO_LARGE = "output_too_large"
    VANISHED = "vanished"
    UNREADABLE = "unreadable"
    OUTSIDE_ROOT = "outside_root"
    ERASED = "erased"
    SPAN_MISMATCH = "span_mismatch"
    TOO_MANY_TOKENS = "too_many_tokens"
    BLANK_CHUNK = "blank_chunk"
    BAD_VECTOR = "bad_vector"
    NO_READER = "no_reader"
    EXPECTATION = "expectation"
    NO_ENTITY = "no_entity"
    BAD_TIME = "bad_time"
    FUTURE_TIME = "future_time"
    BAD_VALUE = "bad_value"
    BAD_ACL = "bad_acl"
    CONFLICTING_FACTS = "conflicting_facts"


TRANSIENT = frozenset({Reason.VANISHED, Reason.UNREADABLE, Reason.PARSER_TIMEOUT, Reason.PARSER_MEMORY})
"""Reasons that may pass by themselves; the others wait until the bytes or the code change."""

REJECTED = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),  # the item's
        pa.field("record", pa.string()),  # the record in it, if it was one
        pa.field("document_id", pa.string()),
        pa.field("stage", pa.string(), nullable=False),  # fetch | parse | chunk | validate | embed | read
        pa.field("reason", pa.string(), nullable=False),  # a Reason
        pa.field("message", pa.string(), nullable=False),
    ]
)
"""One row is one thing a stage rejected."""

QUARANTINE = pa.schema(
    [
        pa.field("quarantine_id", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        *REJECTED,
        pa.field("content_hash", pa.string()),
        pa.field("uri", pa.string()),
        pa.field("at", TIMESTAMP, nullable=False),
    ]
)
"""One row is one attempt that did not pass; an append-only log."""


class Rejected(Exception):  # noqa: N818 - it is a verdict on one item, caught at the stage's edge, not an error
    """Raised inside a parser to reject the item at hand, and caught at the edge of the stage."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
