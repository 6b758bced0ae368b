"""Delta: what a release of a dataset has that an earlier one had not, and what it has no longer, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from schemas.dataset import SPLITS

Row = Mapping[str, Any]


class Retraction(StrEnum):
    """Why a row is there no longer: the first that holds."""

    ERASED = "erased"
    """A document of it was erased: what was trained on it is to be trained anew without it."""
    DELETED = "deleted"
    """A document of it is gone."""
    CLOSED = "closed"
    """Somebody in the audience may no longer read a document of it."""
    CHANGED = "changed"
    """What it was made from says something else now."""
    REFUSED = "refused"
    """Its documents are as they were; a sieve, a cap or the retrieval refuses it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is there at the later release."""

    documents: Collection[str]
    chunks: Collection[str]
    closed: Collection[str]
    """Documents that are there, and not for everybody in the audience."""
    erased: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A row that is new, or is written another way than before."""

    row_id: str
    split: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracted:
    """A row that is there no longer, or is written another way now."""

    row_id: str
    split: str
    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """From one release of a dataset to another."""

    added: tuple[Added, ...]
    retracted: tuple[Retracted, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the delta as scripts read it."""
        return {
            "added": [asdict(row) for row in self.added],
            "retracted": [asdict(row) for row in self.retracted],
        }


def delta_between(before: Sequence[Row], after: Sequence[Row], standing: Standing) -> Delta:
    """Return what lies between two lineages, in the order of the files."""
    old, new = _rows(before), _rows(after)
    added = [rows[0] for key, rows in new.items() if not _same(old.get(key), rows)]
    gone = [rows for key, rows in old.items() if not _same(new.get(key), rows)]
    return Delta(
        added=tuple(Added(**_place(row)) for row in sorted(added, key=_order)),
        retracted=tuple(
            Retracted(**_place(rows[0]), why=why(rows, standing))
            for rows in sorted(gone, key=lambda rows: _order(rows[0]))
        ),
    )


def why(uses: Sequence[Row], standing: Standing) -> str:
    """Return why a row with these uses is there no longer."""
    documents = {use["document_id"] for use in uses}
    if documents & set(standing.erased):
        return Retraction.ERASED
    if documents - set(standing.documents):
        return Retraction.DELETED
    if documents & set(standing.closed):
        return Retraction.CLOSED
    if {use["chunk_id"] for use in uses} - set(standing.chunks):
        return Retraction.CHANGED
    return Retraction.REFUSED


def _rows(uses: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for use in uses:
        found.setdefault(use["row_id"], []).append(use)
    return found


def _same(other: Sequence[Row] | None, rows: Sequence[Row]) -> bool:
    return other is not None and (other[0]["row_hash"], other[0]["split"]) == (
        rows[0]["row_hash"],
        rows[0]["split"],
    )


def _place(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("row_id", "split", "line")}


def _order(row: Row) -> tuple[int, int]:
    return SPLITS.index(row["split"]), row["line"]
