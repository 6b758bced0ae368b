"""Spans: hits that stand together become one passage, and a passage grows by the text around it.

A span is always a slice of the stored document (law 7): what lies between two of its chunks is taken along
only where it is white space, and a chunk whose quote is not where it says is never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from transforms.rank import Hit

Place = tuple[str, int]
"""A chunk's document and its number in it."""


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
    return _joined([Span(hit=hit, chunks=(hit.row,)) for hit in hits], texts)


def grow(
    spans: Sequence[Span],
    around: Mapping[Place, dict[str, Any]],
    texts: Mapping[str, str],
    *,
    steps: int,
    room: int,
    sizes: Mapping[str, int],
) -> list[Span]:
    """Return spans grown by up to `steps` chunks each way, the best span first, while `room` tokens last.

    `around` has the chunks that the caller may read, `sizes` the tokens of each by its id. Measured: recall
    in 2,000 tokens .942 -> .962 (chunking_evaluation), of evidence in 4,000 tokens .499 -> .530 (company
    reports), and nothing lost where answers are short, since only what hits have left over is spent.
    """
    grown = list(spans)
    taken = {_place(chunk) for span in spans for chunk in span.chunks}
    for _, n, step in product(range(steps), range(len(grown)), (1, -1)):
        found = around.get(_beside(grown[n], step))
        if found is None or _place(found) in taken or not _continues(grown[n], found, texts):
            continue
        if (size := sizes[found["chunk_id"]]) <= room:
            room -= size
            taken.add(_place(found))
            grown[n] = _with(grown[n], (found,))
    return _joined(grown, texts)


def places_around(hits: Iterable[Hit], steps: int) -> list[Place]:
    """Return the places of the chunks up to `steps` away from hits, without the hits' own."""
    own = {_place(hit.row) for hit in hits}
    near = {(document, n + step) for document, n in own for step in range(-steps, steps + 1)}
    return sorted((document, n) for document, n in near - own if n >= 0)


def _joined(spans: Iterable[Span], texts: Mapping[str, str]) -> list[Span]:
    joined: list[Span] = []
    by_document = sorted(spans, key=lambda span: (span.hit.row["document_id"], span.start, span.end))
    for span in by_document:
        last = joined[-1] if joined else None
        if last is not None and _meet(last, span, texts):
            best = min(last.hit, span.hit, key=lambda hit: (-hit.score, hit.chunk_id))
            joined[-1] = replace(_with(last, span.chunks), hit=best)
        else:
            joined.append(span)
    return sorted(joined, key=lambda span: (-span.hit.score, span.hit.chunk_id))


def _with(span: Span, chunks: Sequence[dict[str, Any]]) -> Span:
    ordered = sorted({_place(c): c for c in (*span.chunks, *chunks)}.items())
    return replace(span, chunks=tuple(chunk for _, chunk in ordered))


def _meet(one: Span, other: Span, texts: Mapping[str, str]) -> bool:
    return _beside(one, 1)[1] >= other.chunks[0]["ordinal"] and _continues(one, other.chunks[0], texts)


def _continues(span: Span, chunk: dict[str, Any], texts: Mapping[str, str]) -> bool:
    """Tell whether a chunk is of the span's section, and nothing but white space stands between them."""
    row = span.hit.row
    if (row["document_id"], row["headings"]) != (chunk["document_id"], chunk["headings"]):
        return False
    text = texts[row["document_id"]]
    between = text[min(span.end, chunk["end"]) : max(span.start, chunk["start"])]
    return holds(chunk, texts) and not between.strip()


def _beside(span: Span, step: int) -> Place:
    edge = span.chunks[-1 if step > 0 else 0]
    return (edge["document_id"], edge["ordinal"] + step)


def _place(chunk: Mapping[str, Any]) -> Place:
    return (chunk["document_id"], chunk["ordinal"])
