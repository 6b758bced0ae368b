"""Covering: which chunks a span of a document is in. What is in none was kept from readers."""

from __future__ import annotations

from typing import Any

from schemas.dataset import Use
from transforms.datasets.inputs import Inputs


def uses_of(inputs: Inputs, role: str, document: dict[str, Any], start: int, end: int) -> tuple[Use, ...]:
    """Return the part of every chunk that a span lies in; none when a word of it is in no chunk.

    `document` is a row with its id and text.
    """
    uses, at = [], start
    text: str = document["text"]
    for chunk in inputs.chunks.over(document["document_id"], start, end):
        first, last = max(start, chunk["start"]), min(end, chunk["end"])
        if text[at:first].strip():
            return ()
        at = max(at, last)
        uses.append(use_of(role, chunk, first, last, text[first:last]))
    return () if text[at:end].strip() else tuple(uses)


def use_of(role: str, chunk: dict[str, Any], start: int, end: int, quote: str) -> Use:
    """Return what a row uses of a chunk: characters of its document, as `quote` says them."""
    return Use(
        role=role,
        chunk_id=chunk["chunk_id"],
        document_id=chunk["document_id"],
        source=chunk["source"],
        uri=chunk["uri"],
        start=start,
        end=end,
        quote=quote,
        acl=tuple(chunk["acl"]),
    )
