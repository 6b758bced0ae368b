"""An item: one thing in a source, as the source lists it and as Headwater last saw it."""

from __future__ import annotations

import pyarrow as pa

from schemas.document import PRIMARY_KEY, TIMESTAMP

LISTING = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),  # the source's own name: path, primary key, URL
        pa.field("token", pa.string(), nullable=False),  # cheap sign of change: mtime and size, etag, cursor
        pa.field("uri", pa.string(), nullable=False),
        pa.field("size", pa.int64()),  # bytes
        pa.field("source_at", TIMESTAMP),
        pa.field("problem", pa.string()),  # a Reason, when the source already knows it cannot be read
    ]
)
"""One row is one item a source listed."""

ITEM = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("source", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("token", pa.string(), nullable=False),
        pa.field("content_hash", pa.string()),  # null while its bytes were never read
        pa.field("released", pa.string()),  # digest of the documents its records were released as
        pa.field("state", pa.string(), nullable=False),  # live | quarantined | stale
        pa.field("reason", pa.string()),  # of its quarantine
        pa.field("parse_fp", pa.string()),  # of the parser that last saw it
        pa.field("tries", pa.int32(), nullable=False),
        pa.field("listed_at", TIMESTAMP, nullable=False),  # by the run that last found it new or tried it
    ]
)
"""One row is one item as last listed; a touched token costs a row here and never a release."""
