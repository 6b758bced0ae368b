"""The token signs of a chunk table at one version, read for a few chunks at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from infra.store.asking import asynchronous, fetched, rows_by_id
from infra.store.search_index import EXACT_ROWS

if TYPE_CHECKING:
    from lancedb.table import Table

COLUMN = "token_signs"
ROW_BYTES = 5_000
"""Of a chunk's signs in memory: 104 tokens of 48 bytes."""


class TokenSigns:
    """Of a table of up to EXACT_ROWS rows all signs are kept in memory; of a larger one none."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.kept_bytes = ROW_BYTES * rows if (rows := int(table.count_rows())) <= EXACT_ROWS else 0

    def at(self, ids: Sequence[int]) -> list[bytes]:
        """Return the signs of rows by their row ids, in their order."""
        if not self.kept_bytes:
            return rows_by_id(self._table, ids, [COLUMN])[COLUMN].to_pylist()  # type: ignore[no-any-return]
        known, signs = self._kept
        return signs.take(pa.array(np.searchsorted(known, np.array(ids, np.uint64)))).to_pylist()  # type: ignore[no-any-return]

    @cached_property
    def _kept(self) -> tuple[np.ndarray, pa.LargeBinaryArray]:
        rows = fetched(asynchronous(self._table).query().select([COLUMN]).with_row_id()).sort_by("_rowid")
        return rows["_rowid"].to_numpy(), rows[COLUMN].combine_chunks()
