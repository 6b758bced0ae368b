"""The center of what may be read: the mean of its vectors, by which no passage is told from another.

What rarity does for words: of two passages as near to a question, the one less like all others is better
(to remove the common mean: Mu and Viswanath, All-but-the-Top, 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infra.store.asking import asynchronous, fetched, rows_by_id
from infra.store.filters import both, numbered, quoted
from infra.store.kept import Kept
from infra.store.kept_table import Mask, unit
from schemas.tools import Vectors

if TYPE_CHECKING:
    from lancedb.table import Table

SAMPLE = 2_048
"""Chunks the mean is taken over, at most; that of 256 points the same way (cosine .98 to 1 on eight sets)."""
LEAST = 64
"""Of fewer chunks the mean is too much like each of them to tell what they have in common."""
FILTERS = 1_000
"""Filters whose center is remembered: 1.5 kB each."""
_SCORE_DIGITS = 9
"""More than a leg's own scores have: what was apart stays apart."""
_DIGITS = 8
"""Of an id's first hexadecimal digits: they part a table of any size finely enough."""

Ids = npt.NDArray[np.uint64]


class Aim(NamedTuple):
    """Where the nearest are looked for, and how their scores become similarities again."""

    vector: Vectors
    scale: float = 1.0
    shift: float = 0.0

    def similar(self, leg: pa.Table) -> pa.Table:
        """Return a leg with scores that compare with cosine similarities, in the same order."""
        scores = np.round(leg["score"].to_numpy() * self.scale + self.shift, _SCORE_DIGITS)
        return leg.set_column(leg.schema.get_field_index("score"), "score", pa.array(scores))


def aimed(question: Vectors, center: Vectors, *, weight: float) -> Aim:
    """Return how to ask for passages v by q.v - weight (c.v - c.c), for question q and center c.

    That is the cosine similarity, less what a passage is more like all others than passages are on average.
    Figures in `infra/decisions/0007-retrieval-defaults.md`.
    """
    own = float(np.linalg.norm(question))
    if not weight or not own or not center.any():
        return Aim(question)
    moved = question / np.float32(own) - np.float32(weight) * center
    length = float(np.linalg.norm(moved))
    if not length:
        return Aim(question)
    return Aim(np.asarray(moved / length, np.float32), length, weight * float(center @ center))


class Centers:
    """The centers of one version of a chunk table, by what may be read of it.

    They are taken over the chunks with the first ids: as good as drawn by chance, since an id is a hash, and
    the same ones wherever a table's rows stand. Where a chunker of your own makes ids that are no hashes
    there may be no center. 3 MB are kept.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._kept: Kept[Vectors] = Kept(FILTERS)

    def known(self, where: str) -> bool:
        """Tell whether the center under a filter was asked for before."""
        return self._kept.get(where) is not None

    def of(self, where: str, kept: Callable[[Ids], Mask] | None = None) -> Vectors:
        """Return the mean vector of the chunks that a filter keeps; all zeros where they are too few.

        `kept` tells which rows of some ids those are; without it the store is asked.
        """
        return self._kept.made(where, lambda: self._mean(kept or partial(self._kept_by, where)))

    def _mean(self, kept: Callable[[Ids], Mask]) -> Vectors:
        ids, vectors = self._sample
        mine = vectors[kept(ids)]
        return mine.mean(axis=0) if len(mine) >= LEAST else np.zeros(vectors.shape[1], np.float32)

    def _kept_by(self, where: str, ids: Ids) -> Mask:
        wanted = both(where, numbered("_rowid", ids.tolist())) or "false"
        found = fetched(asynchronous(self._table).query().where(wanted).select(["_rowid"]))
        return np.isin(ids, found["_rowid"].to_numpy())

    @cached_property
    def _sample(self) -> tuple[Ids, Vectors]:
        """Row ids and vectors of the chunks with the first ids, those without a direction left out."""
        rows = max(1, int(self._table.count_rows()))
        query: Any = asynchronous(self._table).query()
        if rows > 2 * SAMPLE:  # twice as many as are wanted: by chance there are hardly ever too few
            last = f"{2 * SAMPLE * 16**_DIGITS // rows:0{_DIGITS}x}"
            query = query.where(f"chunk_id < {quoted(last)}")
        first = fetched(query.select(["chunk_id"]).with_row_id()).sort_by("chunk_id").slice(0, SAMPLE)
        ids = first["_rowid"].to_numpy()
        vectors = unit(rows_by_id(self._table, ids.tolist(), ["vector"])["vector"].combine_chunks())
        directed = ~np.isnan(vectors).any(axis=1)
        return ids[directed], vectors[directed]
