"""The delta between an export and an earlier one, in a folder of its own beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from flows.stages.dataset_exports import exports, lineage_path
from flows.stages.dataset_inputs import closed_of
from flows.stages.dataset_place import replace_folder, unfinished
from flows.stages.dataset_plan import Plan, plan_of
from flows.workspace import Workspace
from infra.store.filters import is_in
from infra.store.lock import locked
from schemas.dataset import SPLITS, Export
from schemas.errors import NotFoundError
from transforms.datasets.delta import Added, Delta, Standing, delta_between
from transforms.datasets.inputs import admits

COLUMNS = ["row_id", "row_hash", "split", "line", "document_id", "chunk_id"]
ASKED_AT_ONCE = 5_000
"""Ids in one filter."""


def write_delta(workspace: Workspace, written: Export, since: int) -> Path:
    """Write `<dataset>/<since>-<release>` beside an export: its rows that are new, and what is retracted.

    Raises NotFoundError where nothing of the earlier export is left.
    """
    before = _lineage(workspace, written.dataset, since)
    plan = plan_of(workspace, written.dataset, written.release)
    after = pq.read_table(lineage_path(written.out), columns=COLUMNS).to_pylist()
    delta = delta_between(before, after, _standing(workspace, plan, before))
    here = Path(written.out)
    folder = here.parent / f"{since}-{written.release}"
    with locked(workspace.store, f"dataset-{written.dataset}"), unfinished(folder) as partial:
        for split in SPLITS:
            _copy(here / f"{split}.jsonl", partial / f"{split}.jsonl", split, delta)
        told = {"dataset": written.dataset, "since": since, "release": written.release}
        _write(partial / "_meta" / "delta.json", {**told, **delta.as_dict()})
        counts = {"added": len(delta.added), "retracted": _counted(delta)}
        _write(partial / "_meta" / "manifest.json", {**told, **counts})
        replace_folder(partial, folder)
    return folder


def _lineage(workspace: Workspace, dataset: str, release: int) -> list[dict[str, Any]]:
    there = [one for one in exports(workspace) if one["dataset"] == dataset and one["release"] == release]
    kept = [one for one in there if lineage_path(one["out"]).is_file()]
    if not kept:
        raise NotFoundError(
            f"dataset {dataset!r} was not exported at release {release}, or its folder is gone",
            fix=f"run `headwater export {dataset} --release {release}` first",
        )
    newest = max(kept, key=lambda one: one["created_at"])
    rows: list[dict[str, Any]] = pq.read_table(lineage_path(newest["out"]), columns=COLUMNS).to_pylist()
    return rows


def _standing(workspace: Workspace, plan: Plan, before: list[dict[str, Any]]) -> Standing:
    """Return which of the earlier export's documents and chunks are there, and for whom."""
    table = plan.release.tables["documents"]
    ids = sorted({use["document_id"] for use in before})
    acls = dict(_found(workspace, table.name, table.version, "document_id", ids, "acl"))
    revoked = closed_of(workspace, plan)
    closed = {one for one, acl in acls.items() if one in revoked or not admits(acl, plan.section.audience)}
    chunks = sorted({use["chunk_id"] for use in before})
    there = _found(workspace, plan.chunks.name, plan.chunks.version, "chunk_id", chunks, "acl")
    return Standing(documents=acls.keys(), chunks={one for one, _ in there}, closed=closed)


def _found(
    workspace: Workspace, table: str, version: int, key: str, ids: list[str], column: str
) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for at in range(0, len(ids), ASKED_AT_ONCE):
        where = is_in(key, ids[at : at + ASKED_AT_ONCE])
        rows = workspace.store.scan(table, [key, column], where=where, version=version)
        found += zip(rows[key].to_pylist(), rows[column].to_pylist(), strict=True)
    return found


def _copy(there: Path, here: Path, split: str, delta: Delta) -> None:
    """Copy the added lines of a split."""
    lines = {row.line for row in _of(delta, split)}
    if not lines:
        return
    with (
        there.open(encoding="utf-8", newline="\n") as rows,
        here.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(line for n, line in enumerate(rows, start=1) if n in lines)


def _of(delta: Delta, split: str) -> list[Added]:
    return [row for row in delta.added if row.split == split]


def _counted(delta: Delta) -> dict[str, int]:
    reasons = sorted({row.why for row in delta.retracted})
    return {why: sum(row.why == why for row in delta.retracted) for why in reasons}


def _write(path: Path, told: dict[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
