"""A chunk: the span of a document that is embedded and cited."""

from __future__ import annotations

import pyarrow as pa

from schemas.document import LABELS, PRIMARY_KEY, TIMESTAMP

CHUNK = pa.schema(
    [
        pa.field("chunk_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("ordinal", pa.int32(), nullable=False),  # position in the document, from 0
        pa.field("start", pa.int64(), nullable=False),  # character offset in the document's text
        pa.field("end", pa.int64(), nullable=False),  # exclusive; document.text[start:end] == quote
        pa.field("quote", pa.large_string(), nullable=False),  # the span itself, byte for byte
        pa.field("text", pa.large_string(), nullable=False),  # the exact string that is embedded and searched
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("tokens", pa.int32(), nullable=False),  # of `text`, special tokens included
        pa.field("title", pa.string()),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("headings", pa.list_(pa.string()), nullable=False),
        pa.field("page", pa.int32()),
        pa.field("media_type", pa.string(), nullable=False),
        pa.field("language", pa.string()),
        pa.field("acl", pa.list_(pa.string()), nullable=False),
        pa.field("labels", LABELS, nullable=False),
        pa.field("source_at", TIMESTAMP),
        pa.field("status", pa.string(), nullable=False),  # live | stale, as its document
    ]
)
"""One row is one chunk under one index, before it is embedded."""


TOKEN_SIGNS = pa.field("token_signs", pa.large_binary(), nullable=False)  # packed by schemas.token_signs


def embedded_chunk(dimension: int, *, token_signs: bool = False) -> pa.Schema:
    """Return the schema of a chunk table: `CHUNK` and `embedded`'s columns."""
    return pa.schema([*CHUNK, *embedded(dimension, token_signs=token_signs)])


def embedded(dimension: int, *, token_signs: bool = False) -> pa.Schema:
    """Return what embedding adds: the unit vector, the runtime that computed it, and the tokens' signs."""
    vector = pa.field("vector", pa.list_(pa.float32(), dimension), nullable=False)
    runtime = pa.field("runtime", pa.string(), nullable=False)
    return pa.schema([vector, runtime, *([TOKEN_SIGNS] if token_signs else [])])


def embedding(dimension: int, *, token_signs: bool = False) -> pa.Schema:
    """Return the schema of the embedding cache: one row per (embedder fingerprint, text hash)."""
    text_hash = pa.field("text_hash", pa.string(), nullable=False, metadata=PRIMARY_KEY)
    return pa.schema([text_hash, *embedded(dimension, token_signs=token_signs)])
