"""Work through what changed in micro-batches: parse, chunk, validate, embed, stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from flows.ledger import Ledger
from flows.stages.indexing import index_documents
from flows.stages.parsing import ParsedItem, documents_of_items
from flows.workspace import Index, Seconds, Workspace
from infra.store.staging import MARKER, StagedBatch, Staging
from schemas.outcome import nothing_rejected
from schemas.quarantine import Reason, Rejected

BATCH_ITEMS, BATCH_CHARS = 512, 400_000
"""About 500 chunks, enough for the embedder to sort by length; a crash has at most this much done twice. With
2,048 small items at once a run on 100,000 holds 20 MB more; with 256 it makes twice the commits."""


def batched(items: Iterable[ParsedItem], *, most_chars: int = BATCH_CHARS) -> Iterator[list[ParsedItem]]:
    """Group parsed items into micro-batches, bounded in items and in characters."""
    batch: list[ParsedItem] = []
    characters = 0
    for item in items:
        batch.append(item)
        characters += item.characters
        if len(batch) >= BATCH_ITEMS or characters >= most_chars:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def stage_batch(
    workspace: Workspace,
    staging: Staging,
    batch: str,
    items: list[ParsedItem],
    ledger: Ledger,
    seconds: Seconds,
) -> None:
    """Index one micro-batch of items and stage what passed; the rest goes into the ledger."""
    documents = documents_of_items(items)
    source = documents["source"][0].as_py()
    rows, rejected = index_all(workspace, documents, ledger, seconds)
    lost = set(rejected["document_id"].to_pylist())
    kept = documents.filter(pc.invert(pc.is_in(documents["document_id"], pa.array(list(lost), pa.string()))))
    _settle_rejected(items, rejected, ledger)
    passed = [item for item in items if item.key not in ledger.rejected]
    with seconds.spent_on("stage"):
        whole = [item for item in passed if not item.rejected and (not lost or not lost & item.ids)]
        staged = StagedBatch(batch=batch, items=_markers(whole, source), rows={"documents": kept, **rows})
        ledger.bytes_staged += staging.append(staged)
    for item in passed:
        ledger.passed[item.key] = item.content_hash
        ledger.batches[item.key] = batch
        ledger.rejected_records += item.rejected
        ledger.stale_documents |= set(item.stale_documents)


def index_all(
    workspace: Workspace, documents: pa.Table, ledger: Ledger, seconds: Seconds, only: Index | None = None
) -> tuple[dict[str, pa.Table], pa.Table]:
    """Return the chunks of documents under each index (or one), and the rejected rows of all of them."""
    rows: dict[str, pa.Table] = {}
    rejected = nothing_rejected()
    for index in [only] if only else workspace.indexes.values():
        done = index_documents(workspace, index, documents, seconds)
        rows[index.table] = done.chunks
        rejected = pa.concat_tables([rejected, done.rejected])
        ledger.embedded += done.embedded
        ledger.from_cache += done.from_cache
    if rejected.num_rows:
        lost = rejected["document_id"]
        rows = {
            t: chunks.filter(pc.invert(pc.is_in(chunks["document_id"], lost))) for t, chunks in rows.items()
        }
    return rows, rejected


def _settle_rejected(items: list[ParsedItem], rejected: pa.Table, ledger: Ledger) -> None:
    """An item all of whose documents were rejected is rejected itself; else its lost records are."""
    by_key: dict[str, list[dict[str, object]]] = {}
    for row in rejected.to_pylist():
        by_key.setdefault(row["key"], []).append(row)
    for item in items:
        bad = by_key.get(item.key, [])
        lost = {row["document_id"] for row in bad}
        if bad and lost >= item.ids:
            verdict = Rejected(Reason(str(bad[0]["reason"])), str(bad[0]["message"]))
            ledger.reject(item.key, str(bad[0]["stage"]), verdict, content_hash=item.content_hash)
        else:
            ledger.rejected_records += bad
            before = ledger.known.get(item.key)
            known = {row["document_id"] for row in before.documents} if before else set()
            ledger.stale_documents |= {str(one) for one in lost & known}


def _markers(items: list[ParsedItem], source: str) -> pa.Table:
    """Mark whole items as done. One that lost records is done again after a crash: no marker says which."""
    rows = [
        {
            "source": source,
            "key": item.key,
            "work": item.work,
            "state": "passed",
            "content_hash": item.content_hash,
        }
        for item in items
    ]
    return pa.Table.from_pylist(rows, schema=MARKER)
