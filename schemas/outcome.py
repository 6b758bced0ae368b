"""Outcome: what passed a stage and what it rejected, together exactly what went in."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from schemas.quarantine import REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A table split in two: rows that go on, and rows of `REJECTED` with their reasons."""

    passed: pa.Table
    rejected: pa.Table

    def __post_init__(self) -> None:
        """Refuse a rejected half that is not in the shape of the quarantine."""
        if self.rejected.schema.names != REJECTED.names:
            raise ValueError(f"rejected rows have columns {self.rejected.schema.names}")


def nothing_rejected() -> pa.Table:
    """Return an empty table of rejected rows."""
    return REJECTED.empty_table()


def rejected_row(
    *,
    key: str,
    stage: str,
    reason: str,
    message: str,
    record: str | None = None,
    document_id: str | None = None,
) -> dict[str, str | None]:
    """Return one rejected row; messages are cut at 500 characters."""
    return {
        "key": key,
        "record": record,
        "document_id": document_id,
        "stage": stage,
        "reason": str(reason),
        "message": message[:500],
    }
