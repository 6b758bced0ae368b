"""Build an index beside the live one: what a run does not change itself is cut and embedded anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from flows.ledger import Ledger, known_items
from flows.stages.estimating import estimate_s
from flows.stages.listing import Survey, released
from flows.stages.parsing import parse_fingerprint
from flows.stages.reporting import ActiveRun
from flows.stages.staging import BATCH_ITEMS, index_all
from flows.workspace import Index, Workspace
from infra.store.filters import is_in
from infra.store.staging import MARKER, StagedBatch
from schemas.counts import count
from schemas.document import DOCUMENT
from schemas.errors import RefusedError
from schemas.identity import content_hash, digest
from schemas.quarantine import Rejected
from schemas.release import Release
from transforms.documents import relabel

FACTS = ("document_id", "record_hash", "meta_hash", "status")
COLUMNS = ("source", "key", *FACTS)
Rows = list[dict[str, Any]]
Label = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redo:
    """An item whose released documents are to be indexed anew; `work` says from what exactly."""

    source: str
    key: str
    work: str
    documents: tuple[str, ...]


def unbuilt(workspace: Workspace, base: Release | None) -> list[Index]:
    """Return the project's indexes whose table no release has yet, though there is a release."""
    return [
        index for index in workspace.indexes.values() if base is not None and index.table not in base.tables
    ]


def check_redo(workspace: Workspace, found: Survey, base: Release | None, *, allow: bool) -> None:
    """Refuse to redo much of the corpus because a setting or a stage changed, unless a person says so."""
    if allow or base is None:
        return
    for index in unbuilt(workspace, base):
        if documents := base.counts.get("documents", 0):
            raise RefusedError(
                f"index {index.name!r} is set up differently from the released one; all {documents} "
                f"documents would be cut and embedded again{_cost(workspace, found, documents)}",
                fix="run `headwater backfill --stage chunk`, which builds it beside the live one, "
                "or ingest with --allow-rebuild",
            )
    live = len(set(found.known["key"].to_pylist()))
    share = workspace.opened.project.policy.max_redo_share
    redone = len(found.changes.redo) + _same_but_for_the_parser(workspace, found)
    if live and redone > max(1, share * live):
        raise RefusedError(
            f"{redone} of {count(live, 'item')} of source {found.name!r} would be parsed again"
            f"{_cost(workspace, found, redone)}: a parser or a setting changed, more than "
            f"max_redo_share {share:g}",
            fix=f"run `headwater backfill --source {found.name} --stage parse`, or ingest with "
            "--allow-rebuild",
        )


def _same_but_for_the_parser(workspace: Workspace, found: Survey) -> int:
    """Count the items whose token moved, whose parser moved, and whose bytes are what was released.

    A fresh checkout gives every file a new time: by the listing alone all of them might be new.
    """
    section = workspace.opened.source(found.name)
    known = known_items(found.items, found.known, found.changes.fetch)
    suspects = (
        key
        for key in sorted(known)
        if any(row["parse_fp"] != parse_fingerprint(key, section) for row in known[key].live)
    )
    return sum(known[key].holds(found_hash) for key in suspects if (found_hash := _hash(found, key)))


def _hash(found: Survey, key: str) -> str | None:
    try:
        return content_hash(found.source.fetch(key))
    except Rejected:
        return None


def _cost(workspace: Workspace, found: Survey, items: int) -> str:
    seconds = estimate_s(workspace, found.name, parses=items, texts=None)
    return "" if seconds is None else f" (about {seconds:,.0f} s)"


def rebuild(
    run: ActiveRun,
    base: Release,
    index: Index,
    survivors: Rows,
    ledger: Ledger,
    *,
    label: Label = lambda documents: documents,
    spend: Callable[[int], None] = lambda _: None,
) -> list[tuple[str, str, str]]:
    """Index what the base release holds under an index it does not have, and return what became valid.

    `survivors` are the documents to index, as `surviving` or `released_rows` give them; `label` gives
    documents the labels that they will be released with; `spend` is told how many items were done.
    """

    def stage(batch: str, group: list[Redo]) -> None:
        documents = label(released_documents(run.workspace, base, group))
        rows, rejected = index_all(run.workspace, documents, ledger, run.seconds, only=index)
        stage_redone(run, batch, group, rows, rejected, ledger)
        spend(len(group))

    return redo(run, list(redos_of(survivors, "rebuild", index)), f"index {index.name}", stage)


def redo(
    run: ActiveRun, redos: list[Redo], what: str, stage: Callable[[str, list[Redo]], None]
) -> list[tuple[str, str, str]]:
    """Stage what is not staged yet, group by group, and return everything that is staged and valid."""
    staged = {(m["source"], m["key"], m["work"]): m["batch"] for m in run.staging.items()}
    there = {one: staged.get((one.source, one.key, one.work)) for one in redos}
    valid = [(one.source, one.key, batch) for one, batch in there.items() if batch is not None]
    todo = [one for one, batch in there.items() if batch is None]
    for at in range(0, len(todo), BATCH_ITEMS):
        group = todo[at : at + BATCH_ITEMS]
        batch = digest("redo", run.run_id, what, *[one.work for one in group])
        stage(batch, group)
        valid += [(one.source, one.key, batch) for one in group]
        run.workspace.progress.advance(what, at + len(group), len(todo))
    return valid


def redos_of(rows: Rows, why: str, index: Index) -> Iterator[Redo]:
    """Yield the items that released documents belong to; `rows` are sorted by source and key."""
    for (source, key), group in groupby(rows, key=lambda row: (row["source"], row["key"])):
        mine = sorted(group, key=lambda row: str(row["document_id"]))
        facts = [str(row[name]) for row in mine for name in FACTS]
        ids = tuple(str(row["document_id"]) for row in mine)
        yield Redo(source=source, key=key, work=digest(why, index.table, *facts), documents=ids)


def surviving(workspace: Workspace, base: Release, ledger: Ledger, found: Survey) -> Rows:
    """Return the released documents that a run neither replaces nor removes, as `COLUMNS`, by source and key.

    Labels and status are those the run leaves them with: staged work counts only while they are the same.
    """
    meta_hash = workspace.opened.source(found.name).meta_hash
    relabeled, failing = ledger.relabeled_documents(), ledger.failing_documents()
    gone, survivors = set(found.changes.gone), []
    for row in released_rows(workspace, base):
        fails = row["document_id"] in failing
        replaced = row["key"] in gone or (not ledger.keep if fails else row["key"] in ledger.passed)
        if row["source"] == found.name and replaced:
            continue
        moved = {"meta_hash": meta_hash} if row["document_id"] in relabeled else {}
        survivors.append(row | moved | ({"status": "stale"} if fails else {}))
    return survivors


def released_rows(workspace: Workspace, base: Release, where: str | None = None) -> Rows:
    """Return the released documents as `COLUMNS`, by source and key."""
    documents = released(workspace, "documents", base, where, COLUMNS)
    documents = DOCUMENT.empty_table().select(COLUMNS) if documents is None else documents
    rows: Rows = documents.sort_by([("source", "ascending"), ("key", "ascending")]).to_pylist()
    return rows


def labeled(workspace: Workspace, found: Survey, ledger: Ledger) -> Label:
    """Return what gives documents the labels and the status that a run leaves them with."""
    moved, stale = ledger.relabeled_documents(), ledger.failing_documents()
    if not moved and not stale:
        return lambda documents: documents
    section = workspace.opened.source(found.name)
    return lambda documents: relabel(documents, section, relabeled=moved, stale=stale)


def released_documents(workspace: Workspace, base: Release, group: list[Redo]) -> pa.Table:
    """Return the whole rows of the documents of some items."""
    ids = [document for one in group for document in one.documents]
    documents = released(workspace, "documents", base, is_in("document_id", ids), None)
    return DOCUMENT.empty_table() if documents is None else documents


def stage_redone(
    run: ActiveRun,
    batch: str,
    group: list[Redo],
    rows: dict[str, pa.Table],
    rejected: pa.Table,
    ledger: Ledger,
) -> None:
    """Stage the rows of a group of items and mark the items as done."""
    ledger.rejected_records += rejected.to_pylist()
    lost = set(rejected["key"].to_pylist())  # a marker does not say which: after a crash it is done again
    markers = [
        {"source": one.source, "key": one.key, "work": one.work, "state": "passed"}
        for one in group
        if one.key not in lost
    ]
    items = pa.Table.from_pylist(markers, schema=MARKER)
    with run.seconds.spent_on("stage"):
        ledger.bytes_staged += run.staging.append(StagedBatch(batch=batch, items=items, rows=rows))
