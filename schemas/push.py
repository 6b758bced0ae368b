"""What is pushed instead of listed: documents that callers send, kept until they are replaced or deleted."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from schemas.document import PRIMARY_KEY, TIMESTAMP
from schemas.section import Section

PUSHED = pa.schema(
    [
        pa.field("push_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),  # hash of source and key
        pa.field("source", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),  # its ending says how it is parsed
        pa.field("content_hash", pa.string(), nullable=False),  # of its bytes, which are in `originals`
        pa.field("uri", pa.string(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),  # bytes
        pa.field("source_at", TIMESTAMP, nullable=False),  # when it was written, or else pushed
        pa.field("pushed_at", TIMESTAMP, nullable=False),
    ]
)
"""One row is one item that was pushed to a source and not deleted since: the source's listing."""

ORIGINAL = pa.schema(
    [
        pa.field("content_hash", pa.string(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("content", pa.large_binary(), nullable=False),
    ]
)
"""One row is the bytes of an item, from which it is parsed again without anybody sending it again."""

PUSH = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),  # the run that will take it up
        pa.field("source", pa.string(), nullable=False),
        pa.field("at", TIMESTAMP, nullable=False),
        pa.field("pushed", pa.int64(), nullable=False),  # items
        pa.field("deleted", pa.int64(), nullable=False),
    ]
)
"""One row is one request that pushed or deleted; an append-only log."""


class PushOptions(Section):
    """What a source of type `push` takes besides the common settings."""

    max_bytes: Annotated[int, Field(ge=1)] = 32 * 1024**2
    """Of one item; a longer one is refused when it is pushed."""
