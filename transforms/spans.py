"""Spans: hits that stand together become one passage, and a passage grows by the text around it.

A span is always a slice of the stored document (law 7): what lies between two of its chunks is taken along
only where it is white space, and a chunk whose quote is not where it says is never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.rank import Hit, ranked

Place = tuple[str, int]
"""A chunk's document and its number in it."""
NEIGHBOR_SHARE = 0.6
"""Of a hit's score that the chunk beside it has; see `infra/decisions/0007-retrieval-defaults.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A passage: chunks of one document that follow each other, and the best hit among them."""

    hit: Hit
    chunks: tuple[dict[str, Any], ...]

    @property
    def start(self) -> int:
        """Where the first chunk starts in the document's text."""
        return int(self.chunks[0]["start"])

    @property
    def end(self) -> int:
        """Where the last chunk ends."""
        return max(int(chunk["end"]) for chunk in self.chunks)

    def quote(self, texts: Mapping[str, str]) -> str:
        """Return the span as the stored document has it."""
        return texts[self.hit.row["document_id"]][self.start : self.end]


def holds(row: Mapping[str, Any], texts: Mapping[str, str]) -> bool:
    """Tell whether a chunk's quote stands in the stored document where the chunk says."""
    text = texts.get(row["document_id"])
    return text is not None and text[row["start"] : row["end"]] == row["quote"]


def merge(hits: Iterable[Hit], texts: Mapping[str, str]) -> list[Span]:
    """Return hits as spans, best first; hits of one section that follow each other are one span."""
    joined: list[Span] = []
    for hit in sorted(hits, key=lambda hit: (_place(hit.row), hit.chunk_id)):
        span = Span(hit=hit, chunks=(hit.row,))
        last = joined[-1] if joined else None
        if last is not None and _meet(last, span, texts):
            best = min(last.hit, hit, key=lambda hit: (-hit.score, hit.chunk_id))
            joined[-1] = Span(hit=best, chunks=(*last.chunks, hit.row))
        else:
            joined.append(span)
    return sorted(joined, key=lambda span: (-span.hit.score, span.hit.chunk_id))


def with_neighbors(
    hits: Sequence[Hit], around: Mapping[Place, dict[str, Any]], texts: Mapping[str, str], *, steps: int
) -> list[Hit]:
    """Return hits and the chunks up to `steps` beside them, best first: one a step off has .6 of the score.

    So a neighbor of a good hit goes before a weak hit. `around` has the chunks that the caller may read.
    """
    found = {_place(hit.row): hit for hit in hits}
    reached = list(hits)
    for _ in range(steps):
        beside = [_neighbor(hit, around.get(_step(hit, step)), texts) for hit in reached for step in (1, -1)]
        reached = [one for one in ranked(filter(None, beside)) if _place(one.row) not in found]
        found |= {_place(one.row): one for one in reversed(reached)}
    return ranked(found.values())


def fill(
    hits: Iterable[Hit],
    texts: Mapping[str, str],
    *,
    room: int,
    sizes: Mapping[str, int],
    heads: Mapping[str, int],
) -> list[Hit]:
    """Return the hits, given best first, that have room together; what is too large leaves it to the next.

    `sizes` and `heads` are tokens by chunk id: of the text, and of what stands around it in a prompt, which a
    chunk beside one that is there already does not need. One without a head stands beside another or not at
    all.
    """
    taken: dict[Place, Hit] = {}
    for hit in hits:
        joins = any(
            _follow(taken[at].row, hit.row, texts) for step in (1, -1) if (at := _step(hit, step)) in taken
        )
        head = 0 if joins else heads.get(hit.chunk_id)
        if head is not None and (cost := sizes[hit.chunk_id] + head) <= room:
            room -= cost
            taken[_place(hit.row)] = hit
    return list(taken.values())


def places_around(hits: Iterable[Hit], steps: int) -> list[Place]:
    """Return the places of the chunks up to `steps` away from hits, without the hits' own."""
    own = {_place(hit.row) for hit in hits}
    near = {(document, n + step) for document, n in own for step in range(-steps, steps + 1)}
    return sorted((document, n) for document, n in near - own if n >= 0)


def _meet(one: Span, other: Span, texts: Mapping[str, str]) -> bool:
    last, first = one.chunks[-1], other.chunks[0]
    return bool(last["ordinal"] + 1 >= first["ordinal"]) and _follow(last, first, texts)


def _neighbor(hit: Hit, row: dict[str, Any] | None, texts: Mapping[str, str]) -> Hit | None:
    if row is None or not _follow(hit.row, row, texts):
        return None
    return Hit(row=row, fused=NEIGHBOR_SHARE * hit.score)


def _follow(row: Mapping[str, Any], other: Mapping[str, Any], texts: Mapping[str, str]) -> bool:
    """Tell whether two chunks are of one section, and nothing but white space stands between them."""
    if (row["document_id"], row["headings"]) != (other["document_id"], other["headings"]):
        return False
    text = texts[row["document_id"]]
    between = text[min(row["end"], other["end"]) : max(row["start"], other["start"])]
    return holds(other, texts) and not between.strip()


def _step(hit: Hit, step: int) -> Place:
    return (hit.row["document_id"], hit.row["ordinal"] + step)


def _place(chunk: Mapping[str, Any]) -> Place:
    return (chunk["document_id"], chunk["ordinal"])
