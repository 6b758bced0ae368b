"""Figures of spans: how much of the places that answer is in what was retrieved, and how much else.

A token is a word or one punctuation mark. Recall and precision over character ranges follow Smith and
Troynikov, "Evaluating Chunking Strategies for Retrieval" (2024): text retrieved twice counts twice against
precision, and once for recall.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TOKEN = re.compile(r"\w+|[^\w\s]")
Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Characters of a document, from `start` up to `end`."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A passage of a context: where it stands and what it says."""

    place: Place
    quote: str


def located(text: str, wanted: str) -> tuple[int, int] | None:
    """Return where a text stands in a document, blank space apart, or None."""
    words = wanted.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return found.span() if found else None


def tokens_of(text: str, place: Place) -> list[Place]:
    """Return the tokens of a place in its document's text."""
    found = TOKEN.finditer(text, place.start, place.end)
    return [Place(document_id=place.document_id, start=m.start(), end=m.end()) for m in found]


def character_recall(wanted: Sequence[Place], found: Iterable[Place]) -> float:
    """Return the share of the wanted characters that lie in what was found."""
    references, retrieved = _merged(wanted), _merged(found)
    covered = sum(_common(ranges, retrieved[document]) for document, ranges in references.items())
    total = sum(end - start for ranges in references.values() for start, end in ranges)
    return covered / total if total else 0.0


def token_recall(tokens: Sequence[Place], cited: Iterable[Cited]) -> float:
    """Return the share of the wanted tokens that are cited."""
    wanted = set(tokens)
    return _covered(wanted, cited) / len(wanted) if wanted else 0.0


def token_precision(tokens: Sequence[Place], cited: Sequence[Cited]) -> float:
    """Return the share of the cited tokens that are wanted; 0 where nothing is cited."""
    total = sum(1 for one in cited for _ in TOKEN.finditer(one.quote))
    return min(1.0, _covered(set(tokens), cited) / total) if total else 0.0


def touches(one: Place, others: Iterable[Place]) -> bool:
    """Tell whether a place has a character in common with one of the others."""
    return any(
        one.document_id == other.document_id and one.start < other.end and other.start < one.end
        for other in others
    )


def answer_found(answers: Iterable[str], cited: Iterable[Cited]) -> float:
    """Return 1 if a passage holds one of the answers, letter case and blank space apart, else 0.

    The top-k accuracy of Karpukhin et al., "Dense Passage Retrieval" (2020), over the passages of a context.
    """
    passages = [_plain(one.quote) for one in cited]
    return float(any(_plain(answer) in passage for answer in answers for passage in passages))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _covered(tokens: set[Place], cited: Iterable[Cited]) -> int:
    ranges = _merged(one.place for one in cited)
    return sum(
        any(start <= token.start and token.end <= end for start, end in ranges[token.document_id])
        for token in tokens
    )


def _merged(places: Iterable[Place]) -> defaultdict[str, Ranges]:
    merged: defaultdict[str, Ranges] = defaultdict(list)
    for place in sorted(places, key=lambda place: (place.document_id, place.start, place.end)):
        ranges = merged[place.document_id]
        if ranges and place.start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(place.end, ranges[-1][1]))
        else:
            ranges.append((place.start, place.end))
    return merged


def _common(one: Ranges, other: Ranges) -> int:
    return sum(max(0, min(a, b) - max(s, t)) for s, a in one for t, b in other)
