"""A release: a set of table versions published together; its row is the commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from schemas.document import PRIMARY_KEY, TIMESTAMP

STORE_FORMAT = 1
"""Number of the layout of the store; a store with a higher one is refused."""

RELEASE = pa.schema(
    [
        pa.field("release", pa.int64(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("parent", pa.int64()),
        pa.field("created_at", TIMESTAMP, nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # ingest | rollback | resume | backfill | maintain
        pa.field("state", pa.string(), nullable=False),  # open | hold: publishing waits for a human
        pa.field(
            "tables",
            pa.list_(
                pa.struct(
                    [
                        pa.field("name", pa.string()),
                        pa.field("version", pa.int64()),
                        pa.field("rows", pa.int64()),
                    ]
                )
            ),
            nullable=False,
        ),
        pa.field("indexes", pa.string(), nullable=False),  # JSON {index: IndexState}
        pa.field("counts", pa.string(), nullable=False),  # JSON {name: number}
        pa.field("cursors", pa.string(), nullable=False),  # JSON {source: cursor}
        pa.field("gates", pa.string(), nullable=False),  # JSON {gate: result}
        pa.field("config_hash", pa.string(), nullable=False),
        pa.field("run_id", pa.string()),
        pa.field("note", pa.string(), nullable=False),
        pa.field("name", pa.string()),  # given by a person; a named release is never thinned out
        pa.field("expired_at", TIMESTAMP),  # from then on it is not opened, and soon after deleted
    ]
)
"""One row is one publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableVersion:
    """One table of a release, pinned."""

    name: str
    version: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A published state of the store."""

    release: int
    parent: int | None
    created_at: datetime
    kind: str
    state: str
    tables: dict[str, TableVersion]
    indexes: dict[str, dict[str, Any]]
    """Index name -> {table, embedder (parameters), fingerprint, dimension, chunker, embed_text}."""
    counts: dict[str, int]
    cursors: dict[str, str] = field(default_factory=dict)
    gates: dict[str, Any] = field(default_factory=dict)
    config_hash: str = ""
    run_id: str | None = None
    note: str = ""
    name: str | None = None
    expired_at: datetime | None = None
    """Since when it may not be opened any more; its tables stay until readers have had time to finish."""

    def as_dict(self) -> dict[str, Any]:
        """Return the release as scripts read it."""
        return {
            "release": self.release,
            "parent": self.parent,
            "created_at": self.created_at.isoformat(),
            "kind": self.kind,
            "state": self.state,
            "counts": self.counts,
            "note": self.note,
            "name": self.name,
        }
