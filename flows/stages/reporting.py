"""A run at work, and its report: what it did, in numbers that add up."""

from __future__ import annotations

from dataclasses import dataclass, field

from flows.ledger import Ledger
from flows.stages.auditing import Audit
from flows.stages.differences import Differences
from flows.workspace import Seconds, Workspace
from infra.store.staging import Staging
from infra.store.table_files import bytes_added
from schemas.errors import HeadwaterError, RefusedError
from schemas.release import Release
from schemas.run import ChunkCounts, ItemCounts, Run


@dataclass(kw_only=True)
class ActiveRun:
    """One run of one source, and what it is based on."""

    workspace: Workspace
    name: str
    run_id: str
    base: Release | None
    staging: Staging
    seconds: Seconds = field(default_factory=Seconds)
    planned: dict[str, float | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def report(
    run: ActiveRun,
    ledger: Ledger,
    counts: ItemCounts | None,
    *,
    release: Release | None = None,
    difference: Differences | None = None,
    judged: Audit | None = None,
    refusal: RefusedError | None = None,
) -> Run:
    """Return the report of a run that ended, published, refused or with nothing to do."""
    state = "refused" if refusal else "published" if release else "unchanged"
    now = release or run.base
    return Run(
        run_id=run.run_id,
        source=run.name,
        state=state,
        release=now.release if now else None,
        published=release is not None,
        items=counts or ItemCounts(),
        documents=_documents(difference, now),
        parsed=ledger.parsed,
        chunks=_chunks(difference, now),
        embedded=ledger.embedded,
        from_cache=ledger.from_cache,
        bytes_written=ledger.bytes_staged + _released_bytes(run, release),
        planned=run.planned,
        seconds=run.seconds.as_dict(),
        reasons=ledger.reasons(),
        gates=judged.gates if judged else {},
        report=judged.report if judged else None,
        refused=refusal.as_dict() if refusal else None,
        notes=run.notes,
    )


def _released_bytes(run: ActiveRun, release: Release | None) -> int:
    return bytes_added(run.workspace.store, run.base, release) if release else 0


def _documents(found: Differences | None, now: Release | None) -> dict[str, int]:
    total = {"total": now.counts.get("documents", 0) if now else 0}
    if found is None:
        return total
    updated = len(found.documents.updated | found.relabeled)
    removed = len(found.documents.removed)
    return {"added": len(found.documents.added), "updated": updated, "removed": removed,
            "stale": len(found.restaled), **total}  # fmt: skip


def _chunks(found: Differences | None, now: Release | None) -> ChunkCounts:
    total = sum(rows for name, rows in now.counts.items() if name.startswith("chunks__")) if now else 0
    if found is None:
        return ChunkCounts(total=total)
    parts = found.chunks.values()
    return ChunkCounts(
        added=sum(len(part.added) for part in parts),
        updated=sum(len(part.updated) for part in parts),
        removed=sum(len(part.removed) for part in parts),
        total=total,
    )


def failed(run: ActiveRun, problem: HeadwaterError) -> Run:
    """Return the report of a run that an error ended."""
    return Run(
        run_id=run.run_id,
        source=run.name,
        state="failed",
        release=run.base.release if run.base else None,
        published=False,
        items=ItemCounts(),
        seconds=run.seconds.as_dict(),
        refused=problem.as_dict(),
    )


def stopped_by(name: str, problem: HeadwaterError) -> Run:
    """Return the report of a source whose run an error ended, or kept from beginning."""
    return Run(
        run_id=problem.run_id,
        source=name,
        state="failed",
        release=None,
        published=False,
        items=ItemCounts(),
        refused=problem.as_dict(),
    )
