"""What is refused while a dataset is made: counted by reason, and written with which and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.dataset import REFUSED, Refusal, Refused

FILE = "refused.parquet"
ROWS = 8_192


class Refusals:
    """Counts and remembers refusals; what the audience may not know of is counted, and not named."""

    def __init__(self, file: pq.ParquetWriter) -> None:
        self.counts: Counter[str] = Counter()
        self._file = file
        self._pending: list[dict[str, Any]] = []

    def add(self, one: Refused) -> None:
        """Count a refusal, and remember which it is."""
        self.counts[one.reason] += 1
        hidden = one.reason is Refusal.AUDIENCE
        self._pending.append(
            {
                "reason": str(one.reason),
                "row_id": None if hidden else one.row_id,
                "document_id": None if hidden else one.document_id,
                "because": None if hidden else one.because,
            }
        )
        if len(self._pending) >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is remembered."""
        self._file.write_table(pa.Table.from_pylist(self._pending, schema=REFUSED))
        self._pending.clear()


@contextmanager
def refusals_file(folder: Path) -> Iterator[Refusals]:
    """Open the file in a folder, and write all of it."""
    with pq.ParquetWriter(folder / FILE, REFUSED) as file:
        refusals = Refusals(file)
        yield refusals
        refusals.flush()
