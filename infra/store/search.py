"""Search in a released chunk table: two legs, vector and keyword, under one pre-filter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infra.store.asking import asynchronous, fetched, in_background, rows_by_id, started
from infra.store.center import SAMPLE, Aim, Centers, aimed
from infra.store.filters import both, numbered
from infra.store.kept import Kept
from infra.store.kept_table import DIGITS, KeptTable, nearest, unit
from infra.store.places import Places
from infra.store.readable import Readable
from infra.store.search_index import EXACT_ROWS
from infra.store.token_signs import COLUMN, TokenSigns
from schemas.tools import Vectors

if TYPE_CHECKING:
    from lancedb.table import Table

COLUMNS = (
    "chunk_id", "document_id", "source", "ordinal", "start", "end", "quote", "tokens", "title", "uri",
    "headings", "page", "source_at", "status", "labels",
)  # fmt: skip
ROW = "_rowid"
PAST_TIES = 16
"""Rows fetched beyond the depth, so that a tie at the cut is broken by chunk_id and not by chance."""

REFINE = 4
"""Of so many times the rows wanted exact scores are computed. At 100k chunks and depth 100 it found .9993 of
the true hundred nearest, 2 times .979, and 10 times all, which took twice as long; all found the true ten."""
PROBES = 40
ROWS_A_PROBE = 12_500
"""From 500k rows on there is one more probe for so many rows: 80 at 1M found .993 of the true top 10 where 40
found .975, for a caller who may read 1,000 of them; at 100k rows 40 found all (tests/benchmarks/scale.py)."""

FEW_ROWS = 2_000
"""Up to here what the caller may see is scanned: at 1M rows that took 50 ms for 1,000 rows, as long as the
index takes, and 154 ms for 10,000."""
COUNTS = 1_000
"""Filters of which a table remembers how many rows they keep: 100 bytes each."""
KEPT_ROWS = 120_000
"""Up to here a table is kept whole too, 300 MB of it, though its index finds the candidates."""
QUESTIONS = 3
"""Asked before that much is read for it: a program that asks once does without."""
CHUNK_BYTES, PLACE_BYTES, SAMPLE_BYTES = 2_500, 16, 1_600
"""Of a chunk kept whole, with its vector; of one whose place is kept; of one in the center's sample."""

Legs = tuple[pa.Table, pa.Table]
Place = tuple[str, int]
Row = dict[str, Any]


class Passages:
    """A chunk table at one version, as questions read it; what it keeps in memory is of that version.

    A table of up to EXACT_ROWS rows is kept whole, about 150 MB at most, 100 of them token signs; one of up
    to KEPT_ROWS without its signs, from the third question on, read beside them; of a larger one, where
    chunks stand.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._counts: Kept[int] = Kept(COUNTS)
        self._centers = Centers(table)
        self._questions = 0
        self._reading: Future[KeptTable] | None = None

    def both_legs(
        self,
        question: str,
        embed: Callable[[], Vectors],
        readable: Readable,
        depth: int,
        *,
        center_weight: float = 0.0,
    ) -> Legs:
        """Return both legs of a question; words are looked up while its vector is computed.

        Each has COLUMNS, its row id and `score`, best first, ties by chunk_id: cosine similarity, as
        `vector_leg` has it, and BM25.
        """
        self._read_ahead()
        where, limit = readable.filter(), depth + PAST_TIES
        words = started(self._worded(question, where, limit))
        aiming = self._aiming(readable, center_weight)
        aim = aiming(embed())
        near = self._near(aim.vector, where, limit)
        vector, keyword = self._with_rows(near, _scored(words.result()))
        vector = _past_ties(vector, lambda most: self._nearest(aim, where, most), depth)
        keyword = _past_ties(keyword, lambda most: self._word_rows(question, where, most), depth)
        return aim.similar(vector), keyword

    def vector_leg(
        self, vector: Vectors, readable: Readable, depth: int, *, center_weight: float = 0.0
    ) -> pa.Table:
        """Return the nearest chunks, best first, ties by chunk_id.

        `score` is the cosine similarity, less so much of what a chunk is more like all others than chunks
        are on average.
        """
        where, limit = readable.filter(), depth + PAST_TIES
        aim = self._aiming(readable, center_weight)(vector)
        first = self._nearest(aim, where, limit)
        return aim.similar(_past_ties(first, lambda most: self._nearest(aim, where, most), depth))

    def keyword_leg(self, question: str, readable: Readable, depth: int) -> pa.Table:
        """Return the chunks that share words with the question, `score` = BM25, best first."""
        where, limit = readable.filter(), depth + PAST_TIES
        first = self._word_rows(question, where, limit)
        return _past_ties(first, lambda most: self._word_rows(question, where, most), depth)

    def chunks_at(self, places: Sequence[Place], readable: Readable) -> dict[Place, Row]:
        """Return the chunks at places (document id, number in it) that the caller may read, by place."""
        return self.reading_at(places, readable)()

    def reading_at(self, places: Sequence[Place], readable: Readable) -> Callable[[], dict[Place, Row]]:
        """Start to read the chunks at places; the call that is returned waits for them."""
        ids = self._places.rows_at(places)
        where = readable.filter()
        if not ids:
            return dict
        if (kept := self._kept) is not None:
            numbers = kept.numbers(np.array(ids, np.uint64))
            mine = kept.rows.take(numbers[kept.readable(where)[numbers]])
            return lambda: _by_place(mine)
        wanted = both(where, numbered(ROW, ids)) or "false"
        query = asynchronous(self.table).query().where(wanted).select([ROW, *COLUMNS])
        reading = started(query)
        return lambda: _by_place(reading.result())

    def _aiming(self, readable: Readable, weight: float) -> Callable[[Vectors], Aim]:
        """Return what aims a question's vector; a center not known yet is looked for from now on."""
        if not weight:
            return Aim
        if self._centers.known(readable.filter()):
            return lambda vector: aimed(vector, self.center(readable), weight=weight)
        looked_for = in_background(lambda: self.center(readable))
        return lambda vector: aimed(vector, looked_for.result(), weight=weight)

    def center(self, readable: Readable) -> Vectors:
        """Return the mean vector of what a query may see; all zeros where that is too little to tell."""
        where, kept = readable.filter(), self._kept
        if kept is None:
            return self._centers.of(where)
        return self._centers.of(where, lambda ids: kept.readable(where)[kept.numbers(ids)])

    def token_signs(self, rows: Sequence[Row]) -> list[bytes]:
        """Return the token signs of chunks that were found, in their order."""
        return self._signs.at([row[ROW] for row in rows])

    def vectors(self, rows: Sequence[Row]) -> Vectors:
        """Return the vectors of chunks that were found, of length 1, in their order."""
        return self._vectors(np.array([row[ROW] for row in rows], np.uint64))

    def count(self, readable: Readable) -> int:
        """Return how many chunks a query may see at all."""
        return self._count(readable.filter())

    @cached_property
    def kept_bytes(self) -> int:
        """About what it will take in memory."""
        whole = self.rows * (CHUNK_BYTES if self.rows <= KEPT_ROWS else PLACE_BYTES)
        signs = self._signs.kept_bytes if COLUMN in self.table.schema.names else 0
        return whole + signs + SAMPLE_BYTES * min(self.rows, SAMPLE)

    @cached_property
    def rows(self) -> int:
        """How many chunks there are."""
        return int(self.table.count_rows())

    @property
    def _kept(self) -> KeptTable | None:
        """The table in memory, where it is kept and has been read."""
        if self.rows <= EXACT_ROWS:
            return self._whole
        reading = self._reading
        return reading.result() if reading and reading.done() and not reading.exception() else None

    @cached_property
    def _whole(self) -> KeptTable:
        return KeptTable(self.table, COLUMNS)

    def _read_ahead(self) -> None:
        """Begin to read a table that is worth it; until it is there the store is asked."""
        self._questions += 1
        if self._questions == QUESTIONS and EXACT_ROWS < self.rows <= KEPT_ROWS:
            self._reading = in_background(lambda: self._whole)

    @cached_property
    def _signs(self) -> TokenSigns:
        return TokenSigns(self.table)

    @cached_property
    def _places(self) -> Places:
        query = asynchronous(self.table).query().select(["document_id", "ordinal"]).with_row_id()
        return Places(fetched(query))

    def _count(self, where: str) -> int:
        if (kept := self._kept) is not None:
            return int(kept.readable(where).sum())
        key = hashlib.sha256(where.encode()).digest()
        return self._counts.made(key, lambda: int(self.table.count_rows(where)))

    def _near(self, vector: Vectors, where: str, limit: int) -> pa.Table:
        """Return row ids of the nearest chunks, with scores."""
        kept = self._kept
        if kept is not None and self.rows <= EXACT_ROWS:
            return kept.nearest(vector, kept.readable(where), limit)
        query: Any = asynchronous(self.table).query().nearest_to(vector).column("vector")
        query = query.distance_type("cosine").where(where).select([ROW, "_distance"])
        if self._count(where) <= FEW_ROWS:
            found = fetched(query.bypass_vector_index().limit(limit))
            scores = pc.subtract(1.0, found["_distance"].cast(pa.float64()))
            return pa.table({ROW: found[ROW], "score": pc.round(scores, DIGITS)})
        found = fetched(query.nprobes(max(PROBES, self.rows // ROWS_A_PROBE)).limit(REFINE * limit))
        ids = found[ROW].to_numpy()
        # Scored here in either case: a question has the same scores before the table is kept and after.
        return nearest(vector, self._vectors(ids), ids, limit)

    def _vectors(self, ids: npt.NDArray[np.uint64]) -> Vectors:
        if (kept := self._kept) is not None:
            return kept.vectors(ids)
        return unit(rows_by_id(self.table, ids.tolist(), ["vector"])["vector"].combine_chunks())

    def _worded(self, question: str, where: str, limit: int) -> Any:
        from lancedb.query import MatchQuery

        words = MatchQuery(question, "text")  # type: ignore[call-arg] # its defaults are declared in a way mypy misses
        query: Any = asynchronous(self.table).query().nearest_to_text(words)
        return query.where(where).select([ROW, "_score"]).limit(limit)

    def _word_rows(self, question: str, where: str, limit: int) -> pa.Table:
        return self._with_rows(_scored(fetched(self._worded(question, where, limit))))[0]

    def _nearest(self, aim: Aim, where: str, limit: int) -> pa.Table:
        return self._with_rows(self._near(aim.vector, where, limit))[0]

    def _with_rows(self, *legs: pa.Table) -> list[pa.Table]:
        """Return legs with their rows, which are read together: many are in both."""
        ids = pc.unique(pa.chunked_array([chunk for leg in legs for chunk in leg[ROW].chunks], pa.uint64()))
        rows = self._rows(ids).append_column(ROW, ids)
        places = [pc.index_in(leg[ROW], value_set=ids) for leg in legs]
        return [
            rows.take(at).append_column("score", leg["score"]) for at, leg in zip(places, legs, strict=True)
        ]

    def _rows(self, ids: pa.UInt64Array) -> pa.Table:
        if (kept := self._kept) is not None:
            return kept.rows.take(kept.numbers(ids.to_numpy()))
        return rows_by_id(self.table, ids.to_pylist(), COLUMNS)


def _by_place(rows: pa.Table) -> dict[Place, Row]:
    return {(row["document_id"], row["ordinal"]): row for row in rows.select(COLUMNS).to_pylist()}


def _scored(words: pa.Table) -> pa.Table:
    return pa.table({ROW: words[ROW], "score": words["_score"].cast(pa.float64())})


def _past_ties(found: pa.Table, fetch: Callable[[int], pa.Table], depth: int) -> pa.Table:
    """Return the first `depth` rows; more are fetched where the last is tied with all beyond it."""
    limit = depth + PAST_TIES
    while True:
        ordered = found.sort_by([("score", "descending"), ("chunk_id", "ascending")])
        if (
            found.num_rows < limit
            or ordered["score"][depth - 1].as_py() != ordered["score"][limit - 1].as_py()
        ):
            return ordered.slice(0, depth)
        limit *= 2
        found = fetch(limit)
