"""A run: one execution, with counts that must add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from schemas.document import TIMESTAMP

STAGES = ("list", "fetch", "parse", "chunk", "validate", "embed", "stage", "publish")

RUN = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("verb", pa.string(), nullable=False),  # ingest | backfill | export | ...
        pa.field("started_at", TIMESTAMP, nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("state", pa.string(), nullable=False),  # published | unchanged | refused | failed
        pa.field("release", pa.int64()),
        pa.field("config_hash", pa.string(), nullable=False),
        pa.field("report", pa.string(), nullable=False),  # JSON of the whole Run
    ]
)
"""One row is one execution; an append-only log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounts:
    """What became of the items of one run; law 1 is checked when it is made."""

    listed: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def __post_init__(self) -> None:
        """Refuse counts in which an item was lost."""
        if self.listed != self.added + self.changed + self.unchanged + self.quarantined:
            raise ValueError(f"an item was lost or counted twice: {asdict(self)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkCounts:
    """What became of the chunks of one run, over all its indexes."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The report of one run, as `headwater ingest --json` prints it."""

    run_id: str
    source: str
    state: str
    release: int | None
    published: bool
    items: ItemCounts
    documents: dict[str, int] = field(default_factory=dict)
    parsed: int = 0
    chunks: ChunkCounts = field(default_factory=ChunkCounts)
    embedded: int = 0
    from_cache: int = 0
    bytes_written: int = 0
    """What was staged, and the files of rows that the release added."""
    planned: dict[str, float | None] = field(default_factory=dict)
    """What the listing let expect: items to parse, and seconds where earlier runs tell."""
    seconds: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    gates: dict[str, Any] = field(default_factory=dict)
    report: str | None = None
    refused: dict[str, str] | None = None
    notes: tuple[str, ...] = ()
    """What the listing says besides its items, such as files that no pattern names."""

    def as_dict(self) -> dict[str, Any]:
        """Return the run as scripts read it."""
        return asdict(self)
