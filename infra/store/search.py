"""Search in a released chunk table: two legs, vector and keyword, under one pre-filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from infra.store.filters import asked_for, both, equals, is_in, numbered, readable_by
from infra.store.search_index import EXACT_ROWS
from schemas.filters import Filters
from schemas.tools import Vectors

if TYPE_CHECKING:
    from lancedb.table import Table

COLUMNS = (
    "chunk_id", "document_id", "source", "key", "ordinal", "start", "end", "quote", "tokens", "title", "uri",
    "headings", "page", "source_at", "status", "labels",
)  # fmt: skip
PAST_TIES = 16
"""Rows fetched beyond the depth, so that a tie at the cut is broken by chunk_id and not by chance."""

REFINE = 10
PROBES = 40
ROWS_A_PROBE = 12_500
"""From 500k rows on there is one more probe for so many rows: 80 at 1M found .993 of the true top 10 where 40
found .975, for a caller who may read 1,000 of them; at 100k rows 40 found all (tests/benchmarks/scale.py)."""

FEW_ROWS = 2_000
"""Up to here what the caller may see is scanned: at 1M rows that took 50 ms for 1,000 rows, as long as the
index takes, and 154 ms for 10,000. Counting them first takes 1 to 2 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """Which chunks a query may see at all: the caller's entries, and what was taken from them since."""

    entries: tuple[str, ...]
    forbidden_documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    """What the caller asked to see of it."""

    def filter(self) -> str:
        """Return the pre-filter; without an entry it keeps nothing."""
        forbidden = (
            f"NOT ({is_in('document_id', self.forbidden_documents)})" if self.forbidden_documents else None
        )
        sources = is_in("source", self.sources) if self.sources else None
        asked = asked_for(self.filters)
        return both(readable_by(self.entries), forbidden, sources, asked) or "false"


def count_chunks(table: Table, readable: Readable) -> int:
    """Return how many chunks a query may see at all."""
    return int(table.count_rows(readable.filter()))


def vector_leg(table: Table, vector: Vectors, readable: Readable, depth: int) -> pa.Table:
    """Return the nearest chunks with `score` = cosine similarity, best first, ties by chunk_id."""
    exact = _is_small(table, readable)

    def fetch(limit: int) -> pa.Table:
        query: Any = table.search(vector, vector_column_name="vector")
        query = query.distance_type("cosine").where(readable.filter(), prefilter=True)
        query = query.select([*COLUMNS, "_distance"])
        if exact:  # also of a table that has an index from when it was larger
            query = query.bypass_vector_index()
        else:
            query = query.nprobes(max(PROBES, table.count_rows() // ROWS_A_PROBE)).refine_factor(REFINE)
        found = query.limit(limit).to_arrow()
        scores = pa.array([1.0 - d for d in found["_distance"].to_pylist()], pa.float64())
        return found.drop_columns(["_distance"]).append_column("score", scores)

    return _past_ties(fetch, depth)


def keyword_leg(table: Table, question: str, readable: Readable, depth: int) -> pa.Table:
    """Return the chunks that share words with the question, `score` = BM25, best first, ties by chunk_id."""
    from lancedb.query import MatchQuery

    words = MatchQuery(question, "text")  # type: ignore[call-arg] # its defaults are declared in a way mypy misses

    def fetch(limit: int) -> pa.Table:
        query: Any = table.search(words, query_type="fts")
        query = query.where(readable.filter(), prefilter=True).select([*COLUMNS, "_score"])
        found = query.limit(limit).to_arrow()
        scores = found["_score"].cast(pa.float64())
        return found.drop_columns(["_score"]).append_column("score", scores)

    return _past_ties(fetch, depth)


def chunks_at(
    table: Table, places: Sequence[tuple[str, int]], readable: Readable
) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the chunks at places (document id, number in it) that the caller may read, by place."""
    if not places:
        return {}
    numbers: dict[str, list[int]] = {}
    for document, n in places:
        numbers.setdefault(document, []).append(n)
    wanted = " OR ".join(
        f"({both(equals('document_id', document), numbered('ordinal', of))})"
        for document, of in sorted(numbers.items())
    )
    where = both(readable.filter(), wanted) or "false"
    query = table.search().where(where).select(list(COLUMNS)).limit(None)
    return {(row["document_id"], row["ordinal"]): row for row in query.to_arrow().to_pylist()}


def _is_small(table: Table, readable: Readable) -> bool:
    return table.count_rows() <= EXACT_ROWS or count_chunks(table, readable) <= FEW_ROWS


def _past_ties(fetch: Any, depth: int) -> pa.Table:
    limit = depth + PAST_TIES
    while True:
        found = fetch(limit)
        ordered = found.sort_by([("score", "descending"), ("chunk_id", "ascending")])
        if (
            found.num_rows < limit
            or ordered["score"][depth - 1].as_py() != ordered["score"][limit - 1].as_py()
        ):
            return ordered.slice(0, depth)
        limit *= 2
