"""Build an index beside the live one: what a run does not change itself is cut and embedded anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from flows.ledger import Ledger
from flows.stages.listing import Survey, released
from flows.stages.staging import BATCH_ITEMS, index_all
from flows.workspace import Index, Seconds, Workspace
from infra.store.filters import is_in
from infra.store.staging import STAGED_ITEM, StagedBatch, Staging
from schemas.document import DOCUMENT
from schemas.errors import RefusedError
from schemas.identity import digest
from schemas.release import Release
from transforms.documents import relabel

COLUMNS = ("document_id", "source", "key", "record_hash", "meta_hash", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """An item whose documents an index does not have yet."""

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
    live = len(set(found.known["key"].to_pylist()))
    share = workspace.opened.project.policy.max_redo_share
    if allow or base is None:
        return
    for index in unbuilt(workspace, base):
        documents = base.counts.get("documents", 0)
        if documents:
            raise RefusedError(
                f"index {index.name!r} is set up differently from the released one; "
                f"all {documents} documents would be cut and embedded again",
                fix="run `headwater ingest --allow-rebuild` to build it beside the live one",
            )
    if live and len(found.changes.redo) > max(1, share * live):
        raise RefusedError(
            f"{len(found.changes.redo)} of {live} items of source {found.name!r} would be parsed again: "
            f"a parser or a setting changed, more than max_redo_share {share:g}",
            fix=f"run `headwater ingest --source {found.name} --allow-rebuild`",
        )


def rebuild(
    workspace: Workspace,
    staging: Staging,
    base: Release,
    index: Index,
    ledger: Ledger,
    found: Survey,
    seconds: Seconds,
    run_id: str,
) -> list[tuple[str, str, str]]:
    """Index what the base release holds under an index it does not have, and return what became valid."""
    staged = {(m["source"], m["key"], m["work"]): m["batch"] for m in staging.items()}
    valid: list[tuple[str, str, str]] = []
    todo: list[Rebuild] = []
    for one in _rebuilds(surviving(workspace, base, ledger, found), index):
        batch = staged.get((one.source, one.key, one.work))
        if batch is not None:
            valid.append((one.source, one.key, batch))
        else:
            todo.append(one)
    done = 0
    for group in _grouped(todo):
        batch = digest("rebuild", run_id, index.table, *[one.work for one in group])
        documents = _relabeled(workspace, found, ledger, _documents(workspace, base, group))
        _stage(workspace, staging, index, documents, batch, group, ledger, seconds)
        valid += [(one.source, one.key, batch) for one in group]
        done += len(group)
        workspace.progress.advance(f"index {index.name}", done, len(todo))
    return valid


def surviving(workspace: Workspace, base: Release, ledger: Ledger, found: Survey) -> list[dict[str, Any]]:
    """Return the released documents that a run neither replaces nor removes, as `COLUMNS`, by source and key.

    Labels and status are those the run leaves them with: staged work counts only while they are the same.
    """
    meta_hash = workspace.opened.source(found.name).meta_hash
    relabeled, failing = ledger.relabeled_documents(), ledger.failing_documents()
    documents = released(workspace, "documents", base, None, COLUMNS)
    documents = DOCUMENT.empty_table().select(COLUMNS) if documents is None else documents
    gone, survivors = set(found.changes.gone), []
    for row in documents.sort_by([("source", "ascending"), ("key", "ascending")]).to_pylist():
        fails = row["document_id"] in failing
        replaced = row["key"] in gone or (not ledger.keep if fails else row["key"] in ledger.passed)
        if row["source"] == found.name and replaced:
            continue
        moved = {"meta_hash": meta_hash} if row["document_id"] in relabeled else {}
        survivors.append(row | moved | ({"status": "stale"} if fails else {}))
    return survivors


def _rebuilds(rows: list[dict[str, Any]], index: Index) -> Iterator[Rebuild]:
    for (source, key), group in groupby(rows, key=lambda row: (row["source"], row["key"])):
        mine = sorted(group, key=lambda row: str(row["document_id"]))
        facts = [
            str(row[name]) for row in mine for name in ("document_id", "record_hash", "meta_hash", "status")
        ]
        ids = tuple(str(row["document_id"]) for row in mine)
        yield Rebuild(source=source, key=key, work=digest("rebuild", index.table, *facts), documents=ids)


def _grouped(todo: list[Rebuild]) -> Iterator[list[Rebuild]]:
    for at in range(0, len(todo), BATCH_ITEMS):
        yield todo[at : at + BATCH_ITEMS]


def _documents(workspace: Workspace, base: Release, group: list[Rebuild]) -> pa.Table:
    ids = [document for one in group for document in one.documents]
    documents = released(workspace, "documents", base, is_in("document_id", ids), None)
    return DOCUMENT.empty_table() if documents is None else documents


def _relabeled(workspace: Workspace, found: Survey, ledger: Ledger, documents: pa.Table) -> pa.Table:
    """The run itself may move the labels of documents it does not touch otherwise."""
    moved, stale = ledger.relabeled_documents(), ledger.failing_documents()
    if not moved and not stale:
        return documents
    return relabel(documents, workspace.opened.source(found.name), relabeled=moved, stale=stale)


def _stage(
    workspace: Workspace,
    staging: Staging,
    index: Index,
    documents: pa.Table,
    batch: str,
    group: list[Rebuild],
    ledger: Ledger,
    seconds: Seconds,
) -> None:
    rows, rejected = index_all(workspace, documents, ledger, seconds, only=index)
    ledger.rejected_records += rejected.to_pylist()
    lost = set(rejected["key"].to_pylist())  # a marker does not say which: after a crash it is done again
    markers = [
        {"source": one.source, "key": one.key, "work": one.work, "state": "passed"}
        for one in group
        if one.key not in lost
    ]
    items = pa.Table.from_pylist(markers, schema=pa.schema([f for f in STAGED_ITEM if f.name != "batch"]))
    with seconds.spent_on("stage"):
        ledger.bytes_staged += staging.append(StagedBatch(batch=batch, items=items, rows=rows))
