"""Lineage, both ways: what used a document or a chunk, rows, contexts, models, and where a row comes from."""

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

from flows.stages.dataset_exports import exports, lineage_path
from flows.workspace import Workspace
from infra.store import releases
from infra.store.filters import array_has, is_in
from infra.store.interactions import interactions
from infra.store.models import models
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

CONTEXT = ["context_id", "asked_at", "interface", "view", "release", "answerable"]

Found = dict[str, Any]


def lineage_of(workspace: Workspace, identity: str) -> Found:
    """Return what is known of an id, export by export: a dataset at a release, in a folder.

    Each export has its rows once, and each row its chunks, with whether the newest release still has that
    chunk, word for word: for a row all of them, for a chunk or a document those that it is or has. An export
    names the models that were registered as trained on it. An export is in `missing`, with its models, when
    its folder is gone or was written over: of several exports to one folder the newest counts. `contexts` are
    those that were served with it; of a row, the one whose prompt it has. A document may be named by its
    path, relative to the project file, and may be deleted since. Raises NotFoundError when nothing released
    or exported has the id, nor any context.
    """
    logged = exports(workspace)
    there = [one for one in logged if lineage_path(one["out"]).is_file()]
    names = _names(workspace, identity)
    found = [(one, uses) for one in there if (uses := _uses(lineage_path(one["out"]), names))]
    kind = _kind([use for _, uses in found for use in uses], names) or _unexported_kind(workspace, names)
    trained = models(workspace.store)
    current = _released(workspace, {use["chunk_id"] for _, uses in found for use in uses})
    return {
        "id": identity,
        "kind": kind,
        "exports": [_export(one, uses, current, trained) for one, uses in found],
        "contexts": _contexts(workspace, kind, names, found),
        "missing": _missing(logged, there, trained),
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


def _uses(path: Path, names: tuple[str, ...]) -> list[Found]:
    wanted = pa.array(names)
    matches = [ds.field(column).isin(wanted) for _, column in KINDS]
    uses: list[Found] = pq.read_table(path, filters=reduce(or_, matches)).to_pylist()
    return uses


def _named(export: Found) -> Found:
    return {name: export[name] for name in ("dataset", "release", "out")}


def _export(export: Found, uses: list[Found], current: set[str], trained: list[Found]) -> Found:
    """Return an export's rows among these uses, in the order of its files, and how many it has in all."""
    rows: dict[tuple[int, int], Found] = {}
    for use in sorted(uses, key=_place):
        row = rows.setdefault(_place(use), {**{name: use[name] for name in ROW}, "chunks": []})
        chunk = {**{name: use[name] for name in CHUNK}, "current": use["chunk_id"] in current}
        if chunk not in row["chunks"]:
            row["chunks"].append(chunk)
    total = sum(json.loads(export["counts"])["splits"].values())
    on = dict.fromkeys(one["name"] for one in trained if _is_of(one, export))
    return {**_named(export), "rows": list(rows.values()), "rows_total": total, "models": list(on)}


def _missing(logged: list[Found], there: list[Found], trained: list[Found]) -> list[Found]:
    """Return the exports whose lineage can no longer be read, each with the models that only it explains."""
    gone: dict[tuple[Any, ...], list[str]] = {
        tuple(_named(one).values()): [] for one in logged if one not in there
    }
    for model in trained:
        if not any(_is_of(model, export) for export in there):
            gone.setdefault(tuple(_named(model).values()), []).append(model["name"])
    return [
        {"dataset": dataset, "release": release, "out": out, "models": list(dict.fromkeys(models))}
        for (dataset, release, out), models in sorted(gone.items())
    ]


def _is_of(model: Found, export: Found) -> bool:
    """The same export again is the same bytes, wherever it was written."""
    return all(model[name] == export[name] for name in ("dataset", "release", "definition_hash"))


def _contexts(
    workspace: Workspace, kind: str, names: tuple[str, ...], found: list[tuple[Found, list[Found]]]
) -> list[Found]:
    """Return the contexts that were served with a chunk or a document, or as a row's prompt, oldest first."""
    if kind == "chunk":
        where = array_has("chunk_ids", names)
    elif kind == "document":
        known = {use["document_id"] for _, uses in found for use in uses if use["uri"] in names}
        where = array_has("document_ids", {*names, *known, *_documents(workspace, names)})
    else:
        prompts = {use["context_id"] for _, uses in found for use in uses if use["context_id"]}
        where = is_in("context_id", sorted(prompts))
    rows = interactions(workspace.store, where=where).select(CONTEXT).to_pylist()
    return [{**row, "asked_at": row["asked_at"].isoformat()} for row in rows]


def _documents(workspace: Workspace, names: tuple[str, ...]) -> list[str]:
    """Return the ids of the documents with one of these URIs in the newest release that has any."""
    for release in reversed(releases.releases(workspace.store)):
        if "documents" in release.tables:
            version = release.tables["documents"].version
            where = is_in("uri", names)
            found = workspace.store.scan("documents", ["document_id"], where=where, version=version)
            if found.num_rows:
                ids: list[str] = found["document_id"].to_pylist()
                return ids
    return []


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


def _columns(table: str) -> tuple[str, ...]:
    """Return the columns of a released table that hold ids; features have none."""
    return ("document_id", "uri") if table == "documents" else ("chunk_id",) * table.startswith("chunks__")


def _unexported_kind(workspace: Workspace, names: tuple[str, ...]) -> str:
    """Return what an id is that no exported row has: a release that is kept may have it, or a context.

    The newest is looked at first. Raises NotFoundError where none has.
    """
    for release in reversed(releases.releases(workspace.store)):
        for name, table in release.tables.items():
            for column in _columns(name):
                where = is_in(column, names)
                if workspace.store.scan(name, [column], where=where, version=table.version).num_rows:
                    return column.removesuffix("_id") if column != "uri" else "document"
    for kind in ("chunk", "document"):
        if interactions(workspace.store, where=array_has(f"{kind}_ids", names)).num_rows:
            return kind
    raise NotFoundError(
        f"no exported row, released chunk or document has the id {names[0]!r}",
        fix="give a row_id of _meta/lineage.parquet, a citation's chunk_id or document_id, a URI or a path: "
        "FILE#RECORD where records of a file are documents",
    )
