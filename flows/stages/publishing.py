"""Carry a difference out: rows that really differ are merged, rows that are gone deleted, in one release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from flows.stages.differences import LOOKUP_KEYS, Difference, Differences, Staged
from flows.stages.gathering import gathered
from flows.stages.gating import evaluation_gate
from infra.store.denials import lift
from infra.store.filters import is_in
from infra.store.publish import Publication, TableChange, publish
from schemas.document import DOCUMENT
from schemas.release import Release
from transforms.documents import relabel

MERGED_ROWS = 1_000
"""Rows merged in one commit: 2.5 MB of chunks, 20 MB while they are written."""


def publish_staged(
    staged: Staged, found: Differences, *, run_id: str, gates: dict[str, object], kind: str = "ingest"
) -> Release:
    """Publish what a run staged; its staging is still there, and its owner's to drop.

    What the evaluation says of the release is added to `gates`, passed or not. Raises RefusedError when it is
    not passed.
    """
    workspace = staged.workspace
    release = publish(
        workspace.store,
        Publication(
            changes=table_changes(staged, found),
            indexes={
                name: index.as_dict(workspace.embedder(index).dimension)
                for name, index in workspace.indexes.items()
            },
            kind=kind,
            created_at=workspace.clock(),
            config_hash=workspace.opened.config_hash,
            run_id=run_id,
            gates=gates,
            note=f"{kind} {staged.source}",
            base=staged.base.release if staged.base else None,
            judge=evaluation_gate(workspace, gates),
        ),
    )
    lift(workspace.store, found.documents.added | found.documents.updated | found.relabeled)
    return release


def table_changes(staged: Staged, found: Differences) -> dict[str, TableChange]:
    """Return the change of every table that has one; rows are read only when they are merged."""
    carried = bool(found.relabeled or found.restaled)
    out: dict[str, TableChange] = {}
    if found.documents or carried or staged.base is None:
        out["documents"] = TableChange(
            key="document_id",
            schema=DOCUMENT,
            upserts=_rows(staged, found, "documents", "document_id", found.documents),
            deletes=found.documents.removed,
            growth=found.documents.growth,
        )
    for index in staged.workspace.indexes.values():
        difference = found.chunks[index.table]
        if difference or carried or index.table in found.unbuilt:
            out[index.table] = TableChange(
                key="chunk_id",
                schema=staged.workspace.chunk_schema(index),
                upserts=_rows(staged, found, index.table, "chunk_id", difference),
                deletes=difference.removed,
                growth=difference.growth,
            )
    return out


def _rows(
    staged: Staged, found: Differences, table: str, key: str, difference: Difference
) -> Callable[[], Iterator[pa.Table]]:
    return partial(_merged, staged, found, table, key, difference)


def _merged(
    staged: Staged, found: Differences, table: str, key: str, difference: Difference
) -> Iterator[pa.Table]:
    """Yield staged rows that differ, then released rows that carry a new label or are marked stale."""
    wanted = pa.array(sorted(difference.added | difference.updated), pa.string())
    staged_rows = staged.staging.stream(table, staged.valid)
    changed = (rows.filter(pc.is_in(rows[key], wanted)) for rows in staged_rows)
    yield from gathered(changed, rows=MERGED_ROWS)
    carried = sorted(found.relabeled | found.restaled)
    for at in range(0, len(carried), LOOKUP_KEYS):
        rows = staged.released(table, is_in("document_id", carried[at : at + LOOKUP_KEYS]), None)
        if rows is not None and rows.num_rows:
            yield relabel(rows, staged.section, relabeled=found.relabeled, stale=found.restaled)
