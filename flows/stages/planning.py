"""Plan: what ingest would do and cost. It reads and parses what changed, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.ledger import Ledger
from flows.stages.estimating import estimate_s
from flows.stages.indexing import cut_documents
from flows.stages.ingesting import open_ledger
from flows.stages.listing import Survey, check_shrink, survey
from flows.stages.parsing import Job, ParsedItem, documents_of_items, parsed
from flows.stages.rebuilding import check_redo, surviving, unbuilt
from flows.stages.staging import batched
from flows.workspace import Index, Seconds, Workspace
from infra.store import releases
from infra.store.publish import check_hold
from schemas.errors import RefusedError
from schemas.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """What ingest would do to one source."""

    source: str
    items: dict[str, int]
    parsed: int
    chunks: int
    texts_to_embed: int
    exact: bool
    """False for a plan from the listing alone, which cannot know how many chunks there will be."""
    seconds: float | None
    """Estimated from the source's last runs; None before the first one."""
    refused: dict[str, str] | None = None
    """What would refuse the run, as far as its listing tells; the other numbers are those without it."""
    notes: tuple[str, ...] = ()
    """What the listing says besides its items, such as files that no pattern names."""

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as scripts read it."""
        return asdict(self)


FEATURE_NOTE = "ingest reads a feature and compares its rows; where none changed, it changes nothing"


def plan_one(workspace: Workspace, name: str, *, fast: bool = False) -> SourcePlan:
    """Return what `ingest` would do to a source, or that for a feature it cannot be told."""
    if name not in workspace.opened.project.features:
        return plan_source(workspace, name, fast=fast)
    return SourcePlan(
        source=name,
        items={},
        parsed=0,
        chunks=0,
        texts_to_embed=0,
        exact=False,
        seconds=None,
        notes=(FEATURE_NOTE,),
    )


def plan_source(workspace: Workspace, name: str, *, fast: bool = False) -> SourcePlan:
    """Return what `ingest` would do to a source now; `fast` looks at the listing only."""
    base = releases.current(workspace.store)
    found = survey(workspace, name, base)
    plan = _from_listing(workspace, found) if fast else _from_items(workspace, found, base)
    return replace(plan, refused=_foretold(workspace, found, base, plan), notes=found.listing.notes)


def _foretold(
    workspace: Workspace, found: Survey, base: Release | None, plan: SourcePlan
) -> dict[str, str] | None:
    try:
        check_shrink(workspace, found, allow=False)
        check_redo(workspace, found, base, allow=False)
        if any(plan.items[what] for what in ("added", "changed", "removed")):
            check_hold(base)
    except RefusedError as refusal:
        return refusal.as_dict()
    return None


def _from_items(workspace: Workspace, found: Survey, base: Release | None) -> SourcePlan:
    name = found.name
    ledger = open_ledger(workspace, found, {})
    job = Job(
        workspace=workspace,
        name=name,
        section=workspace.opened.source(name),
        source=found.source,
        listing=found.listing.items,
        known=found.known,
        tables=(),
        run_id="plan",
    )
    todo = (*found.changes.fetch, *found.changes.redo)
    items = parsed(job, todo, ledger, Seconds()) if todo else ()
    chunks, texts = _measure(workspace, base, items, ledger, found)
    counts = ledger.counts(
        found.changes.listed, len(set(found.changes.gone) & set(found.known["key"].to_pylist()))
    )
    return SourcePlan(
        source=name,
        items=asdict(counts),
        parsed=ledger.parsed,
        chunks=chunks,
        texts_to_embed=texts,
        exact=True,
        seconds=estimate_s(workspace, name, parses=ledger.parsed, texts=texts),
    )


def _from_listing(workspace: Workspace, found: Survey) -> SourcePlan:
    changes = found.changes
    known = set(found.known["key"].to_pylist())
    items = {
        "listed": changes.listed,
        "added": len(set(changes.fetch) - known),
        "changed": len(set(changes.fetch) & known) + len(changes.redo) + len(changes.meta),
        "removed": len(set(changes.gone) & known),
        "unchanged": len(changes.unchanged),
        "quarantined": len(changes.quarantined),
    }
    return SourcePlan(
        source=found.name,
        items=items,
        parsed=len(changes.fetch) + len(changes.redo),
        chunks=0,
        texts_to_embed=0,
        exact=False,
        seconds=estimate_s(workspace, found.name, parses=len(changes.fetch) + len(changes.redo), texts=None),
    )


def _measure(
    workspace: Workspace, base: Release | None, items: Iterable[ParsedItem], ledger: Ledger, found: Survey
) -> tuple[int, int]:
    chunks = 0
    unseen: dict[str, set[str]] = {name: set() for name in workspace.indexes}
    for batch in batched(items):
        for item in batch:
            ledger.passed[item.key] = item.content_hash
            ledger.stale_documents |= set(item.stale_documents)
        documents = documents_of_items(batch)
        for index in workspace.indexes.values():
            chunks += _cut(workspace, index, documents, unseen[index.name])
    for index in unbuilt(workspace, base):
        assert base is not None  # noqa: S101 - unbuilt is empty without a base
        kept = pa.array(
            [row["document_id"] for row in surviving(workspace, base, ledger, found)], pa.string()
        )
        for batch in workspace.store.stream("documents", version=base.tables["documents"].version):
            documents = pa.Table.from_batches([batch])
            documents = documents.filter(pc.is_in(documents["document_id"], kept))
            chunks += _cut(workspace, index, documents, unseen[index.name])
    return chunks, sum(len(texts) for texts in unseen.values())


def _cut(workspace: Workspace, index: Index, documents: pa.Table, unseen: set[str]) -> int:
    cut = cut_documents(workspace, index, documents)
    hashes = set(cut.passed["text_hash"].to_pylist())
    unseen |= hashes - workspace.embedding_cache(index).known(hashes)
    return len(cut.passed)
