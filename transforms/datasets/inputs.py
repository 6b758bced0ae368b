"""Inputs: what a builder of datasets is handed: released rows, and the served retrieval as tools."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from schemas.context import Context
from schemas.dataset import Refusal
from schemas.errors import ConfigError
from schemas.interaction import FEEDBACK, INTERACTION
from schemas.tools import LanguageModel, Tokenizer, Vectors
from transforms.rank import Hit


class Chunks:
    """The chunks of one released table, by id and by place in their document."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()
        self._at = {chunk: n for n, chunk in enumerate(self._table["chunk_id"].to_pylist())}
        self._places: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        columns = (self._table[name].to_pylist() for name in ("document_id", "start", "end"))
        for n, (document, start, end) in enumerate(zip(*columns, strict=True)):
            self._places[document].append((start, end, n))
        for places in self._places.values():
            places.sort()

    def __contains__(self, chunk_id: str) -> bool:
        """Tell whether there is a chunk of this id."""
        return chunk_id in self._at

    def row(self, chunk_id: str) -> dict[str, Any]:
        """Return a chunk's row."""
        return self._row(self._at[chunk_id])

    def of(self, document_id: str) -> list[dict[str, Any]]:
        """Return a document's chunks in the order of the text."""
        return [self._row(n) for _, _, n in self._places.get(document_id, ())]

    def over(self, document_id: str, start: int, end: int) -> list[dict[str, Any]]:
        """Return the chunks that have a character in common with a span, in the order of the text."""
        places = self._places.get(document_id, ())
        since = max(0, bisect_right(places, start, key=lambda place: place[0]) - 1)
        near = places[since : bisect_left(places, end, key=lambda place: place[0])]
        return [self._row(n) for _, last, n in near if start < last]

    def holding(self, document_id: str, start: int, end: int) -> dict[str, Any] | None:
        """Return the chunk that holds a whole span of a document, or None when none does."""
        places = self._places.get(document_id, [])
        at = bisect_right(places, start, key=lambda place: place[0]) - 1
        if at < 0 or places[at][1] < end:
            return None
        return self._row(places[at][2])

    def similarity(self, one: str, other: str) -> float:
        """Return the cosine similarity of two chunks' vectors, which are unit vectors."""
        return float(self._vectors[self._at[one]] @ self._vectors[self._at[other]])

    @cached_property
    def _vectors(self) -> Vectors:
        flat = self._table["vector"].combine_chunks()
        flat = flat.chunk(0) if isinstance(flat, pa.ChunkedArray) else flat
        return np.asarray(flat.flatten(), dtype=np.float32).reshape(len(flat), -1)

    def _row(self, n: int) -> dict[str, Any]:
        return {name: self._table[name][n].as_py() for name in self._table.schema.names if name != "vector"}


class Ask(Protocol):
    """The served context for a question, asked as the audience."""

    def __call__(
        self,
        question: str,
        *,
        hidden: Collection[str] = (),
        top_k: int | None = None,
        outside: bool = False,
    ) -> Context:
        """Return it, as if `hidden` documents were not there, with `top_k` passages at most.

        `outside`: as somebody is served who is in no group.
        """
        ...


Asked = tuple[Mapping[str, str], datetime]
"""Whom a question was about, an entity's name to its key, and when it was asked."""


def no_facts(_feature: str, asked: Sequence[Asked]) -> list[Mapping[str, Any]]:
    """Return that nothing is known of anybody."""
    return [{} for _ in asked]


def no_model(_document: str) -> LanguageModel:
    """Raise ConfigError: nobody handed a language model in."""
    raise ConfigError("no language model writes here", fix="add `llm:` to the project file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything a builder works with; the tools are the served ones, asked as the audience."""

    documents: pa.Table
    """Rows of `schemas.document.DOCUMENT`, in the order in which examples are to be written."""
    chunks: Chunks
    audience: tuple[str, ...]
    """Acl entries of everybody who will use what is trained; each must be allowed to read every row."""
    closed: Collection[str]
    """Documents that somebody in the audience may no longer read, whatever their acl at the release says."""
    ask: Ask
    search: Callable[[str], list[Hit]]
    """The ranked hits for a question, before they are packed into a context."""
    tokenizer: Tokenizer
    release: int = 1
    earlier: Inputs | None = None
    """The same of an earlier release, for types that compare two."""
    interactions: pa.Table = field(default_factory=INTERACTION.empty_table)
    """Rows of `schemas.interaction.INTERACTION`, oldest first."""
    feedback: pa.Table = field(default_factory=FEEDBACK.empty_table)
    """Rows of `schemas.interaction.FEEDBACK`, oldest first."""
    facts: Callable[[str, Sequence[Asked]], list[Mapping[str, Any]]] = no_facts
    """A feature's values that held for each entity at its time; null where nothing did."""
    model: Callable[[str], LanguageModel] = no_model
    """The language model, which keeps its answers with the document (by id) that they are about."""

    def rows(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield columns of the documents, one at a time: they are many, and can be long."""
        for batch in self.documents.select(names).to_batches():
            for n in range(batch.num_rows):
                yield {name: batch.column(name)[n].as_py() for name in names}

    def barred(self, row: Mapping[str, Any]) -> Refusal | None:
        """Return why nothing of a document may be trained on, given its id, acl and status."""
        if not self.readable(row["document_id"], row["acl"]):
            return Refusal.AUDIENCE
        return Refusal.STALE if row["status"] == "stale" else None

    def readable(self, document_id: str, acl: Collection[str]) -> bool:
        """Tell whether everybody in the audience may read something with this acl."""
        return document_id not in self.closed and admits(acl, self.audience)


def admits(acl: Collection[str], audience: Collection[str]) -> bool:
    """Tell whether an acl lets in everybody in an audience; an audience of nobody is let in nowhere."""
    return bool(audience) and ("everyone" in acl or all(entry in acl for entry in audience))
