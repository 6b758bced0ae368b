"""Lineage, both ways: which exported rows use a document or a chunk, and where a row comes from."""

from __future__ import annotations

import json
import os
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from flows.stages.exporting import TABLE
from flows.workspace import Workspace
from infra.store import releases
from infra.store.filters import is_in
from schemas.dataset import SPLITS
from schemas.errors import NotFoundError

KINDS = (("row", "row_id"), ("chunk", "chunk_id"), ("document", "document_id"), ("document", "uri"))
"""What an id can be, and the column of the lineage that says so, in the order in which it is looked up."""

ROW = ("row_id", "row_hash", "split", "line", "kind")
CHUNK = (
    "role",
    "source",
    "uri",
    "document_id",
    "chunk_id",
    "start",
    "end",
    "quote_hash",
    "table",
    "version",
    "acl",
)

Found = dict[str, Any]


def lineage_of(workspace: Workspace, identity: str) -> Found:
    """Return what is known of an id, export by export: a dataset at a release, in a folder.

    Each export has its rows once, and each row its chunks, with whether the newest release still has that
    chunk, word for word: for a row all of them, for a chunk or a document those that it is or has. An export
    whose folder is gone is in `missing`; of several exports to one folder the newest counts. A document may
    be named by its path, relative to the project file. Raises NotFoundError when nothing released or exported
    has the id.
    """
    exports = _exports(workspace)
    there = [one for one in exports if _file(one).is_file()]
    names = _names(workspace, identity)
    found = [(one, uses) for one in there if (uses := _uses(_file(one), names))]
    kind = _kind([use for _, uses in found for use in uses], names) or _released_kind(workspace, names)
    current = _released(workspace, {use["chunk_id"] for _, uses in found for use in uses})
    return {
        "id": identity,
        "kind": kind,
        "exports": [_export(one, uses, current) for one, uses in found],
        "missing": [_named(one) for one in exports if one not in there],
    }


def _names(workspace: Workspace, identity: str) -> tuple[str, ...]:
    """Return an id, and the URIs that it is as a path, with and without a record behind `#`."""
    if "://" in identity:
        return (identity,)
    path, mark, record = identity.partition("#")
    uris = [Path(os.path.normpath(workspace.opened.root / one)).as_uri() for one in (identity, path)]
    return (identity, uris[0], f"{uris[1]}{mark}{record}")


def _kind(uses: list[Found], names: tuple[str, ...]) -> str | None:
    return next((kind for kind, column in KINDS if any(use[column] in names for use in uses)), None)


def _exports(workspace: Workspace) -> list[Found]:
    if not workspace.store.exists() or not workspace.store.has(TABLE):
        return []
    rows = sorted(workspace.store.scan(TABLE).to_pylist(), key=lambda row: row["created_at"])
    newest = {(row["dataset"], row["release"], row["out"]): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def _file(export: Found) -> Path:
    return Path(export["out"]) / "_meta" / "lineage.parquet"


def _uses(path: Path, names: tuple[str, ...]) -> list[Found]:
    wanted = pa.array(names)
    matches = [ds.field(column).isin(wanted) for _, column in KINDS]
    uses: list[Found] = pq.read_table(path, filters=reduce(or_, matches)).to_pylist()
    return uses


def _named(export: Found) -> Found:
    return {name: export[name] for name in ("dataset", "release", "out")}


def _export(export: Found, uses: list[Found], current: set[str]) -> Found:
    """Return an export's rows among these uses, in the order of its files, and how many it has in all."""
    rows: dict[tuple[int, int], Found] = {}
    for use in sorted(uses, key=_place):
        row = rows.setdefault(_place(use), {**{name: use[name] for name in ROW}, "chunks": []})
        chunk = {**{name: use[name] for name in CHUNK}, "current": use["chunk_id"] in current}
        if chunk not in row["chunks"]:
            row["chunks"].append(chunk)
    total = sum(json.loads(export["counts"])["splits"].values())
    return {**_named(export), "rows": list(rows.values()), "rows_total": total}


def _place(use: Found) -> tuple[int, int]:
    return SPLITS.index(use["split"]), use["line"]


def _released(workspace: Workspace, chunks: set[str]) -> set[str]:
    """Return those chunks that the newest release has: a chunk's id changes with its text."""
    newest = releases.current(workspace.store)
    found: set[str] = set()
    for name, table in (newest.tables if newest else {}).items():
        if name.startswith("chunks__"):
            where = is_in("chunk_id", sorted(chunks))
            rows = workspace.store.scan(name, ["chunk_id"], where=where, version=table.version)
            found.update(rows["chunk_id"].to_pylist())
    return found


def _released_kind(workspace: Workspace, names: tuple[str, ...]) -> str:
    """Return what an id is that no exported row has: the newest release may have it. NotFoundError if not."""
    newest = releases.current(workspace.store)
    for name, table in (newest.tables if newest else {}).items():
        for kind, column in KINDS[1:]:
            if (column == "chunk_id") != name.startswith("chunks__"):
                continue
            where = is_in(column, list(names))
            if workspace.store.scan(name, [column], where=where, version=table.version).num_rows:
                return kind
    raise NotFoundError(
        f"no exported row, released chunk or document has the id {names[0]!r}",
        fix="give a row_id of _meta/lineage.parquet, a citation's chunk_id or document_id, a path or a URI",
    )
