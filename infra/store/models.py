"""Models that were trained on an export: an append-only log, which erasure and lineage ask."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from infra.store.connection import Store
from schemas.dataset import MODEL

TABLE = "models"


def append(store: Store, row: dict[str, Any]) -> None:
    """Log that a model was trained on an export."""
    store.ensure(TABLE, MODEL).add(pa.Table.from_pylist([row], schema=MODEL))


def models(store: Store) -> list[dict[str, Any]]:
    """Return the log, oldest first."""
    if not store.exists() or not store.has(TABLE):
        return []
    rows: list[dict[str, Any]] = store.scan(TABLE).sort_by("registered_at").to_pylist()
    return rows
