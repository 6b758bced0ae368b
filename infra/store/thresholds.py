"""Fitted thresholds: the confidence below which a view answers nothing, kept with a release.

An append-only log outside releases: the newest row of a view and an embedder that is of the release asked, or
of one before it, counts. What is fitted for a later release never changes what an earlier one answers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from infra.store.connection import Store
from schemas.document import TIMESTAMP

TABLE = "thresholds"
THRESHOLD = pa.schema(
    [
        pa.field("release", pa.int64(), nullable=False),
        pa.field("view", pa.string(), nullable=False),
        pa.field("embedder_fp", pa.string(), nullable=False),
        pa.field("threshold", pa.float64(), nullable=False),
        pa.field("queries_hash", pa.string(), nullable=False),  # of the questions it was fitted on
        pa.field("balanced_accuracy", pa.float64(), nullable=False),  # on questions it was not fitted on
        pa.field("false_abstention", pa.float64(), nullable=False),
        pa.field("at", TIMESTAMP, nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A threshold, for whom it was fitted, on what, and what it does to questions it was not fitted on."""

    release: int
    view: str
    embedder_fp: str
    threshold: float
    queries_hash: str
    balanced_accuracy: float
    false_abstention: float
    at: datetime


def remember(store: Store, fitted: Fitted) -> None:
    """Keep a threshold for a view from its release on."""
    store.ensure(TABLE, THRESHOLD).add(pa.Table.from_pylist([asdict(fitted)], schema=THRESHOLD))


def threshold_of(store: Store, *, release: int, view: str, embedder_fp: str) -> float | None:
    """Return what was fitted for a view and its embedder at a release or before it, or None."""
    rows = store.derived(TABLE, lambda: store.scan(TABLE).to_pylist())
    fitted = [
        (row["release"], row["at"], row["threshold"])
        for row in rows
        if row["view"] == view and row["embedder_fp"] == embedder_fp and row["release"] <= release
    ]
    return float(max(fitted)[2]) if fitted else None
