"""Threads to make datasets from: parsed as they are at an ingest, cut by the real chunker."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from tests.transforms.datasets.pages import inputs
from tests.transforms.test_documents import facts, section
from transforms.datasets.inputs import Inputs
from transforms.documents import documents_of
from transforms.parsers.params import ParseParams
from transforms.parsers.records import parse_jsonl


def thread(
    *said: tuple[str, str], name: str = "t", replies: dict[int, int] | None = None
) -> list[dict[str, Any]]:
    """Return lines of (author, text), in order; `replies` maps a message's place to the one it answers."""
    return [
        {"thread": name, "id": str(n), "author": author, "text": text}
        | ({"reply_to": str(replies[n])} if replies and n in replies else {})
        for n, (author, text) in enumerate(said)
    ]


def conversations(*threads: list[dict[str, Any]], **more: Any) -> Inputs:
    """Return a builder's inputs for threads."""
    content = "\n".join(json.dumps(line) for lines in threads for line in lines).encode()
    parsed = parse_jsonl(content, key="chat.jsonl", params=ParseParams(records="threads")).parsed
    table: pa.Table = documents_of([(facts(), parsed)], section())
    return inputs(table, **more)
