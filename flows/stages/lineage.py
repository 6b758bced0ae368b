"""Lineage, both ways: which exported rows use a document or a chunk, and where a row comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.stages.exporting import TABLE
from flows.workspace import Workspace
from infra.store import releases
from infra.store.filters import is_in
from schemas.errors import NotFoundError

KINDS = (("row", "row_id"), ("chunk", "chunk_id"), ("document", "document_id"), ("document", "uri"))
"""What an id can be, and the column of the lineage that says so, in the order in which it is looked up."""

PLACE = ("row_id", "row_hash", "split", "line", "role", "kind")
ORIGIN = (
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


def lineage_of(workspace: Workspace, identity: str) -> dict[str, Any]:
    """Return what is known of an id, over the newest export of each dataset, release and folder.

    A row answers with its chunks and whether the newest release still has each, word for word; a chunk or
    a document with the rows that use it. An export whose folder is gone is in `missing`. Raises NotFoundError
    when nothing released or exported has the id.
    """
    exports = _exports(workspace)
    missing = [one for one in exports if not _file(one).is_file()]
    found = [(one, use) for one in exports if _file(one).is_file() for use in _uses(_file(one), identity)]
    away = [{"dataset": one["dataset"], "release": one["release"], "out": one["out"]} for one in missing]
    kind = next((kind for kind, column in KINDS if any(use[column] == identity for _, use in found)), None)
    if kind is None:
        kind = _released_kind(workspace, identity)
    rows = [_place(one, use) for one, use in found]
    answer = {"id": identity, "kind": kind, "missing": away}
    if kind == "row":
        return {**answer, "rows": _once(rows), **_origin(workspace, [use for _, use in found])}
    return {**answer, "rows": rows, "datasets": _datasets(found)}


def _exports(workspace: Workspace) -> list[dict[str, Any]]:
    if not workspace.store.exists() or not workspace.store.has(TABLE):
        return []
    rows = sorted(workspace.store.scan(TABLE).to_pylist(), key=lambda row: row["created_at"])
    newest = {(row["dataset"], row["release"], row["out"]): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def _file(export: dict[str, Any]) -> Path:
    return Path(export["out"]) / "_meta" / "lineage.parquet"


def _uses(path: Path, identity: str) -> Iterator[dict[str, Any]]:
    uses = pq.read_table(path)
    matches = [pc.equal(uses[column], identity) for column in dict.fromkeys(column for _, column in KINDS)]
    chosen = matches[0]
    for match in matches[1:]:
        chosen = pc.or_(chosen, match)
    yield from uses.filter(chosen).to_pylist()


def _place(export: dict[str, Any], use: dict[str, Any]) -> dict[str, Any]:
    where = {"dataset": export["dataset"], "release": export["release"], "out": export["out"]}
    return {**where, **{name: use[name] for name in PLACE}}


def _once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each exported row once, without the part that one chunk plays in it."""
    places = {(row["out"], row["split"], row["line"]): row for row in rows}
    return [{name: value for name, value in row.items() if name != "role"} for row in places.values()]


def _datasets(found: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    counted: dict[tuple[str, int, str], set[str]] = {}
    for export, use in found:
        key = (export["dataset"], export["release"], export["out"])
        counted.setdefault(key, set()).add(f"{use['split']}:{use['line']}")
    return [
        {"dataset": d, "release": r, "out": o, "rows": len(rows)}
        for (d, r, o), rows in sorted(counted.items())
    ]


def _origin(workspace: Workspace, uses: list[dict[str, Any]]) -> dict[str, Any]:
    """Where a row comes from: its chunks as the newest export of it names them."""
    newest = max(use["release"] for use in uses)
    mine = [use for use in uses if use["release"] == newest]
    there = _released(workspace, {use["chunk_id"] for use in mine})
    chunks = {
        (use["role"], use["chunk_id"]): {
            **{name: use[name] for name in ORIGIN},
            "release": use["release"],
            "current": use["chunk_id"] in there,
        }
        for use in mine
    }
    return {"made_from": mine[0]["kind"], "chunks": list(chunks.values())}


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


def _released_kind(workspace: Workspace, identity: str) -> str:
    """Return what an id is that no exported row has: the newest release may have it. NotFoundError if not."""
    newest = releases.current(workspace.store)
    for name, table in (newest.tables if newest else {}).items():
        for kind, column in KINDS[1:]:
            if (column == "chunk_id") != name.startswith("chunks__"):
                continue
            where = is_in(column, [identity])
            if workspace.store.scan(name, [column], where=where, version=table.version).num_rows:
                return kind
    raise NotFoundError(
        f"no exported row, released chunk or document has the id {identity!r}",
        fix="give a row_id of _meta/lineage.parquet, a citation's chunk_id or document_id, or a URI",
    )
