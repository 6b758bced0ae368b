"""What a store says of itself: its format number and its secret."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from schemas.document import PRIMARY_KEY
from schemas.release import STORE_FORMAT

if TYPE_CHECKING:
    from lancedb.table import Table

META = pa.schema(
    [pa.field("name", pa.string(), nullable=False, metadata=PRIMARY_KEY), ("value", pa.string())]
)


def fill_meta(table: Table) -> None:
    """Give a new store its format and its secret."""
    if table.count_rows() == 0:
        rows = [
            {"name": "format", "value": str(STORE_FORMAT)},
            {"name": "secret", "value": secrets.token_hex(32)},
        ]
        merge = table.merge_insert("name").when_not_matched_insert_all().use_index(use_index=False)
        merge.execute(pa.Table.from_pylist(rows, schema=META))


def read_meta(db: Any) -> dict[str, str]:
    """Return a store's values by name."""
    rows = db.open_table("store").search().limit(None).to_arrow().to_pylist()
    return {row["name"]: row["value"] for row in rows}
