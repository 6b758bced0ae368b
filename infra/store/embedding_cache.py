"""The embedding cache: nothing is embedded twice under one embedder, in any run, index or document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from infra.store.connection import Store
from infra.store.filters import is_in
from infra.store.lock import locked
from infra.store.rows import append_rows, put_rows

if TYPE_CHECKING:
    from lancedb.table import Table

LOOKUP_KEYS = 2_000
WRITERS_S = 60.0
"""How long a run waits while others add their texts: milliseconds each."""


class EmbeddingCache:
    """Vectors by text hash, one table per embedder fingerprint.

    Which texts there are is kept in memory, 100 bytes each, and read again when somebody else has written:
    asking the table for a few hundred hashes each time costs Lance 0.3 MB that it does not give back. On
    object storage, where several machines add at once, only rows that came since are read, and none locks:
    a text that two of them embed at once is there twice, which costs its bytes and nothing else.
    """

    def __init__(self, store: Store, *, fingerprint: str, schema: pa.Schema) -> None:
        self._store, self.schema = store, schema
        self._name = f"embeddings__{fingerprint[:8]}"
        self._known: set[bytes] = set()
        self._version: int | None = None
        self._fragments: dict[int, int] = {}
        """On object storage: the fragments that were read, and how many rows of each were deleted then."""

    def known(self, text_hashes: Iterable[str]) -> set[str]:
        """Return those of the text hashes that it has."""
        self._look()
        return {text_hash for text_hash in text_hashes if _short(text_hash) in self._known}

    def get(self, text_hashes: Sequence[str]) -> pa.Table:
        """Return a row of the cache's schema for each text hash that is known."""
        known = self.known(text_hashes)
        there = [text_hash for text_hash in text_hashes if text_hash in known]
        found = [self.schema.empty_table()]
        for at in range(0, len(there), LOOKUP_KEYS):
            rows = self._store.scan(self._name, where=is_in("text_hash", there[at : at + LOOKUP_KEYS]))
            found.append(rows.select(self.schema.names).cast(self.schema))
        return pa.concat_tables(found)

    def put(self, rows: pa.Table, *, replace: bool = False) -> None:
        """Remember rows of the schema; a text that somebody added meanwhile keeps its vector, or not."""
        if not rows.num_rows:
            return
        text_hashes = rows["text_hash"].to_pylist()
        alone = replace or self._store.objects is None
        with locked(self._store, self._name, wait_s=WRITERS_S) if alone else nullcontext():
            self._look()
            table = self._store.ensure(self._name, self.schema)
            if replace:
                put_rows(table, "text_hash", rows)
            else:
                new = [_short(text_hash) not in self._known for text_hash in text_hashes]
                append_rows(table, rows.filter(pa.array(new, pa.bool_())))
            self._known.update(map(_short, text_hashes))
            if alone:
                self._version = table.version

    def _look(self) -> None:
        """Read which texts there are, if it is not known."""
        head = self._store.head(self._name)
        if head is None:
            self._known, self._version = set(), None
        elif head.version != self._version and self._store.objects is not None:
            self._read_new(head)
            self._version = head.version
        elif head.version != self._version:
            hashes = self._store.scan(self._name, ["text_hash"])["text_hash"]
            self._known = {_short(text_hash) for text_hash in hashes.to_pylist()}
            self._version = head.version

    def _read_new(self, head: Table) -> None:
        """Read the fragments that came since; all of them again once one has gone or has lost rows."""
        found: Any = head.to_lance()
        fragments = {one.fragment_id: one for one in found.get_fragments()}
        deleted = {n: one.metadata.num_deletions for n, one in fragments.items()}
        if not self._fragments.items() <= deleted.items():
            self._known, self._fragments = set(), {}
        new = [one for n, one in fragments.items() if n not in self._fragments]
        if new:
            rows = found.scanner(columns=["text_hash"], fragments=new).to_table()
            self._known.update(map(_short, rows["text_hash"].to_pylist()))
        self._fragments = deleted


def _short(text_hash: str) -> bytes:
    return text_hash[:32].encode()
