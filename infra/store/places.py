"""Places: where each row of a released table stands, so that one beside another is found without a scan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Places:
    """Row ids by document and number in it: 16 bytes a chunk, and each document's id once.

    Made of a table with `document_id`, `_rowid` and, where a document has several rows, `ordinal`.
    """

    def __init__(self, rows: pa.Table) -> None:
        encoded = rows["document_id"].combine_chunks().dictionary_encode()
        order = pc.sort_indices(encoded.dictionary)
        rank = np.empty(len(order), np.int32)
        rank[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
        of = rank[encoded.indices.to_numpy()] if len(order) else np.empty(0, np.int32)
        alone = "ordinal" not in rows.schema.names
        numbers = np.zeros(len(of), np.int32) if alone else rows["ordinal"].to_numpy()
        sorting = np.lexsort((numbers, of))
        self._documents: pa.StringArray = encoded.dictionary.take(order)
        self._starts = np.searchsorted(of[sorting], np.arange(len(order) + 1))
        self._numbers = numbers[sorting].astype(np.int32)
        self._rows = rows["_rowid"].to_numpy()[sorting]

    @property
    def kept_bytes(self) -> int:
        """What it takes in memory."""
        return int(self._documents.nbytes + self._starts.nbytes + self._numbers.nbytes + self._rows.nbytes)

    def rows_at(self, places: Sequence[tuple[str, int]]) -> list[int]:
        """Return the row ids at places (document id, number in it), without those that are not there."""
        spans = {document: self._span(document) for document in {document for document, _ in places}}
        found = (self._row(*spans[document], number) for document, number in places)
        return [row for row in found if row is not None]

    def _span(self, document: str) -> tuple[int, int]:
        """Return where a document's rows start and end."""
        count = len(self._documents)
        at = bisect_left(range(count), document, key=lambda n: self._documents[n].as_py())
        if at == count or self._documents[at].as_py() != document:
            return 0, 0
        return int(self._starts[at]), int(self._starts[at + 1])

    def _row(self, first: int, end: int, number: int) -> int | None:
        found = first + int(np.searchsorted(self._numbers[first:end], number))
        return int(self._rows[found]) if found < end and self._numbers[found] == number else None
