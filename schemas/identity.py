"""Identity: the same input has the same id, on every machine and at every time.

Every id is the first 32 hexadecimal digits of a sha256 over length-prefixed parts, so that no two
different lists of parts can spell the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

ID_DIGITS = 32


def digest(*parts: str | bytes | int) -> str:
    """Return the id of a list of parts."""
    hasher = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        hasher.update(len(raw).to_bytes(8, "big"))
        hasher.update(raw)
    return hasher.hexdigest()[:ID_DIGITS]


def content_hash(content: bytes) -> str:
    """Return the full sha256 of an item's bytes."""
    return hashlib.sha256(content).hexdigest()


def document_id(source: str, key: str, record: str | None = None) -> str:
    """Return the id of the document that an item (or one record in it) is."""
    return digest("document", source, key) if record is None else digest("document", source, key, record)


def chunk_id(document: str, text: str, occurrence: int) -> str:
    """Return the id of the n-th chunk with this text in a document; an edit elsewhere does not move it."""
    return digest("chunk", document, text, occurrence)


def text_hash(embedded_text: str) -> str:
    """Return the hash of the exact string that is embedded."""
    return digest("text", embedded_text)


def fingerprint(name: str, version: int, params: Any = None) -> str:
    """Return a stage's fingerprint: its name, its parameters, and the integer its code bumps."""
    return digest("stage", name, version, json.dumps(params, sort_keys=True, default=str))
