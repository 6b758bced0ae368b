"""Rows to publish: small documents and chunks with everything else filled in."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.chunk import embedded_chunk, embedding
from schemas.document import DOCUMENT

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHUNKS = "chunks__default__0123abcd"
DIMENSION = 8


def document(name: str, *, acl: tuple[str, ...] = ("everyone",), text: str = "text") -> dict[str, Any]:
    empty = {field.name: None for field in DOCUMENT}
    filled = {
        "document_id": name,
        "source": "s",
        "key": name,
        "n": 0,
        "content_hash": text,
        "record_hash": text,
        "uri": f"file:{name}",
        "media_type": "text/plain",
        "text": text,
        "elements": [],
        "acl": list(acl),
        "labels": [],
        "parse_fp": "p",
        "meta_hash": "m",
        "status": "live",
        "run_id": "r",
        "fetched_at": NOW,
    }
    return {**empty, **filled}


def documents(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=DOCUMENT)


def chunk(name: str, text: str, *, of: str = "d", acl: tuple[str, ...] = ("everyone",)) -> dict[str, Any]:
    schema = embedded_chunk(DIMENSION)
    seed = int.from_bytes(name.encode()[:8].ljust(8, b"\0"), "big") % 2**32
    vector = np.random.default_rng(seed).normal(size=DIMENSION)
    filled = {
        "chunk_id": name,
        "document_id": of,
        "source": "s",
        "key": of,
        "ordinal": 0,
        "start": 0,
        "end": len(text),
        "quote": text,
        "text": text,
        "text_hash": text,
        "tokens": 3,
        "uri": f"file:{of}",
        "headings": [],
        "media_type": "text/plain",
        "acl": list(acl),
        "labels": [],
        "status": "live",
        "vector": list(vector / np.linalg.norm(vector)),
        "runtime": "test",
    }
    return {**{field.name: None for field in schema}, **filled}


def embeddings(*text_hashes: str) -> pa.Table:
    """Return rows of the embedding cache."""
    rows = [{"text_hash": one, "vector": [1.0] * DIMENSION, "runtime": "test"} for one in text_hashes]
    return pa.Table.from_pylist(rows, schema=embedding(DIMENSION))


def chunks(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=embedded_chunk(DIMENSION))
