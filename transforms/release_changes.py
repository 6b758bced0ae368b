"""What two releases differ in: documents, each with what moved, and chunks as counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

WHAT: dict[str, tuple[str, ...]] = {
    "content": ("content_hash", "record_hash"),
    "acl": ("acl",),
    "labels": ("labels", "language"),
    "parser": ("parse_fp",),
    "status": ("status",),
    "uri": ("uri",),
}
"""What of a document can have changed, and the columns that tell."""

SHOWN = ("document_id", "source", "key", "uri", "title")
DOCUMENT_COLUMNS = tuple(dict.fromkeys((*SHOWN, *(column for told in WHAT.values() for column in told))))

CHUNK_COLUMNS = ("chunk_id", "text_hash", "title", "uri", "headings", "language", "acl", "labels", "status")
"""What a chunk is, apart from where it stands: an edit before it only moves its span, and changes nothing."""

ENTITY_COLUMNS = ("row_id", "row_hash")

DOCUMENTS = """
select {shown}, case when o.document_id is null then 'added' when n.document_id is null then 'removed'
                     else 'changed' end as side, {what}
from n full join o using (document_id)
where o.document_id is null or n.document_id is null or {differs} order by source, key, document_id
"""

CHUNKS = """
select count(*) filter (where o.chunk_id is null),
       count(*) filter (where o.chunk_id is not null and n.chunk_id is not null and ({differs})),
       count(*) filter (where n.chunk_id is null)
from n full join o using (chunk_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChanges:
    """The documents that two releases do not have the same, each as `SHOWN`, by source and key."""

    added: tuple[dict[str, Any], ...] = ()
    changed: tuple[dict[str, Any], ...] = ()
    """As the second release has them, with `what` changed: names of `WHAT`."""
    removed: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the documents as scripts read them."""
        return {side: list(rows) for side, rows in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChanges:
    """How many chunks of one index two releases do not have the same."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    rebuilt: bool = False
    """Whether another chunker or embedder filled a table of its own, so that no chunk compares with one."""

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as scripts read them."""
        return asdict(self)


def document_changes(old: pa.Table, new: pa.Table) -> DocumentChanges:
    """Compare the documents of two releases, each given with at least `DOCUMENT_COLUMNS`."""
    shown = ", ".join(f"coalesce(n.{name}, o.{name}) as {name}" for name in SHOWN)
    told = ", ".join(f"{_differs(columns)} as is_{name}" for name, columns in WHAT.items())
    differs = _differs(column for columns in WHAT.values() for column in columns)
    query = DOCUMENTS.format(shown=shown, what=told, differs=differs)
    sides: dict[str, list[dict[str, Any]]] = {"added": [], "changed": [], "removed": []}
    for row in _answer(query, old.select(DOCUMENT_COLUMNS), new.select(DOCUMENT_COLUMNS)).to_pylist():
        found = {name: row[name] for name in SHOWN}
        if row["side"] == "changed":
            found["what"] = [name for name in WHAT if row[f"is_{name}"]]
        sides[row["side"]].append(found)
    return DocumentChanges(**{side: tuple(rows) for side, rows in sides.items()})


def chunk_changes(old: pa.Table, new: pa.Table) -> ChunkChanges:
    """Count what changed between two versions of one chunk table, each with at least `CHUNK_COLUMNS`."""
    query = CHUNKS.format(differs=_differs(CHUNK_COLUMNS[1:]))
    found = _answer(query, old.select(CHUNK_COLUMNS), new.select(CHUNK_COLUMNS))
    added, changed, removed = (column[0].as_py() for column in found.columns)
    return ChunkChanges(added=added, changed=changed, removed=removed)


def entity_changes(old: pa.Table, new: pa.Table) -> ChunkChanges:
    """Count what changed between two versions of a feature's table, each with at least `ENTITY_COLUMNS`."""
    query = CHUNKS.format(differs="n.row_hash is distinct from o.row_hash").replace("chunk_id", "row_id")
    found = _answer(query, old.select(ENTITY_COLUMNS), new.select(ENTITY_COLUMNS))
    added, changed, removed = (column[0].as_py() for column in found.columns)
    return ChunkChanges(added=added, changed=changed, removed=removed)


def _differs(columns: Iterable[str]) -> str:
    return "(" + " or ".join(f"n.{name} is distinct from o.{name}" for name in columns) + ")"


def _answer(query: str, old: pa.Table, new: pa.Table) -> pa.Table:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("o", old)
        connection.register("n", new)
        return connection.sql(query).to_arrow_table()
