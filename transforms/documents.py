"""Parsed items become rows of the documents table."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from schemas.document import DOCUMENT, Element, Parsed
from schemas.identity import digest, document_id
from schemas.project import SourceSection


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """What is known of an item besides its content."""

    source: str
    key: str
    uri: str
    media_type: str
    content_hash: str
    parse_fp: str
    source_at: datetime | None
    run_id: str
    fetched_at: datetime


def to_documents(facts: ItemFacts, parsed: Iterable[Parsed], section: SourceSection) -> pa.Table:
    """Return one row per document of an item, live, under the source's acl and labels."""
    return documents_of([(facts, parsed)], section)


def documents_of(items: Iterable[tuple[ItemFacts, Iterable[Parsed]]], section: SourceSection) -> pa.Table:
    """Return the rows of many items, in their order."""
    rows = [_row(facts, n, one, section) for facts, parsed in items for n, one in enumerate(parsed)]
    return pa.Table.from_pylist(rows, schema=DOCUMENT)


def labels_of(section: SourceSection, flags: Iterable[str] = ()) -> list[dict[str, str]]:
    """Return a document's labels: the source's, its owner, and a `flag` for each thing worth one."""
    owner = {"owner": section.owner} if section.owner else {}
    named = [{"name": k, "value": str(v)} for k, v in sorted({**section.labels, **owner}.items())]
    return named + [{"name": "flag", "value": flag} for flag in sorted(flags)]


def relabel(
    rows: pa.Table, section: SourceSection, *, relabeled: Collection[str], stale: Collection[str]
) -> pa.Table:
    """Return document or chunk rows under the source's present acl, labels and language, or marked stale."""
    return pa.Table.from_pylist(
        [_relabeled(row, section, relabeled, stale) for row in rows.to_pylist()], rows.schema
    )


def _relabeled(
    row: dict[str, Any], section: SourceSection, relabeled: Collection[str], stale: Collection[str]
) -> dict[str, Any]:
    if row["document_id"] in stale:
        row["status"] = "stale"
    if row["document_id"] in relabeled:
        flags = [label["value"] for label in row["labels"] if label["name"] == "flag"]
        row["labels"], row["language"] = labels_of(section, flags), section.language
        row["acl"] = row["acl"] if section.acl_column else sorted(section.acl)
        if "meta_hash" in row:
            row["meta_hash"] = section.meta_hash
    return row


def _row(facts: ItemFacts, n: int, parsed: Parsed, section: SourceSection) -> dict[str, Any]:
    elements = [_element(element) for element in parsed.elements]
    messages = [asdict(message) for message in parsed.messages]
    said = [json.dumps(messages)] if messages else []
    record_hash = digest(parsed.text, parsed.title or "", json.dumps(elements), *said)
    of_record = digest("record", record_hash, parsed.source_at or "")
    return {
        "document_id": document_id(facts.source, facts.key, parsed.record),
        "source": facts.source,
        "key": facts.key,
        "n": n,
        "record": parsed.record,
        "content_hash": facts.content_hash if parsed.record is None else of_record,
        "record_hash": record_hash,
        "uri": facts.uri if parsed.record is None else f"{facts.uri}#{parsed.record}",
        "title": parsed.title,
        "media_type": facts.media_type,
        "language": section.language,
        "text": parsed.text,
        "elements": elements,
        "acl": sorted(parsed.acl) if parsed.acl is not None else sorted(section.acl),
        "labels": labels_of(section, parsed.flags),
        "source_at": _moment(parsed.source_at) or facts.source_at,
        "parse_fp": facts.parse_fp,
        "meta_hash": section.meta_hash,
        "status": "live",
        "run_id": facts.run_id,
        "fetched_at": facts.fetched_at,
        "messages": [message | {"at": _moment(message["at"])} for message in messages] or None,
    }


def _element(element: Element) -> dict[str, Any]:
    return {
        "type": element.type,
        "start": element.start,
        "end": element.end,
        "depth": element.depth,
        "headings": list(element.headings),
        "page": element.page,
    }


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
