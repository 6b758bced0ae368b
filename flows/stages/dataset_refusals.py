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
    """Counts refusals, and writes which and why: those that the audience may know of.

    That there is something it may not read is told to who runs the export, and not in the folder: neither a
    document's id, which is the hash of a path that can be guessed, nor how many there are.
    """

    def __init__(self, file: pq.ParquetWriter) -> None:
        self.counts: Counter[str] = Counter()
        self._file = file
        self._pending: list[dict[str, Any]] = []

    def add(self, one: Refused) -> None:
        """Count a refusal, and remember which it is."""
        self.counts[one.reason] += 1
        if one.reason is Refusal.AUDIENCE:
            return
        self._pending.append(
            {
                "reason": str(one.reason),
                "row_id": one.row_id,
                "document_id": one.document_id,
                "because": one.because,
            }
        )
        if len(self._pending) >= ROWS:
            self.flush()

    def told(self) -> dict[str, int]:
        """Return the counts that the audience may know."""
        return {reason: n for reason, n in sorted(self.counts.items()) if reason != Refusal.AUDIENCE}

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
