"""Small tables to test transforms with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from schemas.document import DOCUMENT, Parsed
from schemas.identity import document_id
from transforms.parsers.build import TextBuilder

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def built(*elements: tuple[Any, ...], title: str | None = None) -> Parsed:
    """Return a document of ("heading", text, depth), ("table", rows) and (type, text) elements."""
    builder = TextBuilder()
    for kind, content, *more in elements:
        if kind == "heading":
            builder.heading(content, depth=more[0] if more else 1)
        elif kind == "table" and not isinstance(content, str):
            builder.table(content)
        else:
            builder.add(kind, content, page=more[0] if more else None)
    return builder.parsed(title=title)


def documents(parsed: Sequence[Parsed], **columns: Any) -> pa.Table:
    """Return a table of documents; `columns` overrides any of them in every row."""
    return pa.Table.from_pylist([_row(n, one) | columns for n, one in enumerate(parsed)], schema=DOCUMENT)


def _row(n: int, parsed: Parsed) -> dict[str, Any]:
    key = f"item-{n}.md"
    return {
        "document_id": document_id("handbook", key),
        "source": "handbook",
        "key": key,
        "n": 0,
        "content_hash": f"{n:064x}",
        "record_hash": f"{n:032x}",
        "uri": f"file:///{key}",
        "title": parsed.title,
        "media_type": "text/markdown",
        "language": "en",
        "text": parsed.text,
        "elements": [asdict(element) for element in parsed.elements],
        "acl": ["everyone"],
        "labels": [{"name": "owner", "value": "people@acme.test"}],
        "source_at": NOW,
        "parse_fp": "parser",
        "meta_hash": "meta",
        "status": "live",
        "run_id": "run",
        "fetched_at": NOW,
    }
