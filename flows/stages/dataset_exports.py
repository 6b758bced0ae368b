"""The log of exports: which datasets were written where, and what was trained on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.workspace import Workspace
from infra.store import models
from schemas.errors import NotFoundError

TABLE = "datasets"

Logged = dict[str, Any]


def exports(workspace: Workspace) -> list[Logged]:
    """Return the exports by dataset, release and folder; of several to one folder the newest counts."""
    if not workspace.store.exists() or not workspace.store.has(TABLE):
        return []
    rows = sorted(workspace.store.scan(TABLE).to_pylist(), key=lambda row: row["created_at"])
    newest = {(row["dataset"], row["release"], row["out"]): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def lineage_path(out: str) -> Path:
    """Return where an export's folder has its lineage."""
    return Path(out) / "_meta" / "lineage.parquet"


def register_model(
    workspace: Workspace, name: str, *, dataset: str, release: int | None = None, note: str = ""
) -> Logged:
    """Remember that a model was trained on an export, the dataset's newest unless a release is named.

    Raises NotFoundError for what was never exported.
    """
    there = [one for one in exports(workspace) if one["dataset"] == dataset]
    meant = [one for one in there if release is None or one["release"] == release]
    if not meant:
        at = "" if release is None else f" at release {release}"
        raise NotFoundError(
            f"dataset {dataset!r} was never exported{at}", fix=f"run `headwater export {dataset}` first"
        )
    export = max(meant, key=lambda one: (one["release"], one["created_at"]))
    row = {
        "name": name,
        "dataset": dataset,
        "release": export["release"],
        "out": export["out"],
        "export_id": export["export_id"],
        "definition_hash": export["definition_hash"],
        "note": note,
        "registered_at": workspace.clock(),
    }
    models.append(workspace.store, row)
    return {**row, "rows": sum(json.loads(export["counts"])["splits"].values())}
