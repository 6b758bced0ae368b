"""Measures of retrieval, as the sets' publishers define them. Spans are characters, [start, end)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log2

Span = tuple[str, int, int]
"""Document, start, end."""
WORD = re.compile(r"\w+|[^\w\s]")
"""A token of these measures: a word or a mark. No model's tokenizer: budgets compare across models."""


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Return the normalized discounted cumulative gain of the first k (Jarvelin and Kekalainen 2002)."""
    gained = sum((2 ** grades.get(name, 0) - 1) / log2(n + 2) for n, name in enumerate(ranked[:k]))
    best = sorted(grades.values(), reverse=True)[:k]
    possible = sum((2**grade - 1) / log2(n + 2) for n, grade in enumerate(best))
    return gained / possible if possible else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return the share of the relevant documents among the first k."""
    relevant = {name for name, grade in grades.items() if grade > 0}
    return len(relevant & set(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Return one over the rank of the first relevant document of k, 0 without one."""
    return next((1 / n for n, name in enumerate(ranked[:k], start=1) if grades.get(name, 0) > 0), 0.0)


def span_recall(found: Iterable[Span], wanted: Iterable[Span]) -> float:
    """Return the share of the wanted characters that were found."""
    have, want = _merged(found), _merged(wanted)
    total = sum(end - start for spans in want.values() for start, end in spans)
    return _shared(have, want) / total if total else 0.0


def span_iou(found: Sequence[Span], wanted: Iterable[Span]) -> float:
    """Return intersection over union of characters; what is found twice counts twice against it."""
    want = _merged(wanted)
    both = _shared(_merged(found), want)
    total = sum(end - start for spans in want.values() for start, end in spans)
    union = sum(end - start for _, start, end in found) + total - both
    return both / union if union else 0.0


def within(spans: Iterable[Span], texts: Mapping[str, str], budget: int) -> list[Span]:
    """Return the first spans that hold so many tokens together, the last one cut to fit."""
    kept: list[Span] = []
    for document, start, end in spans:
        ends = [match.end() for match in WORD.finditer(texts[document], start, end)]
        if len(ends) > budget:
            if budget:
                kept.append((document, start, ends[budget - 1]))
            break
        kept.append((document, start, end))
        budget -= len(ends)
    return kept


def evidence_recall(
    found: Iterable[tuple[str, str]], wanted: Iterable[tuple[str, str]], budget: int
) -> float:
    """Return the share of the evidence's tokens in the texts found on its page, within a budget of tokens."""
    have: dict[str, Counter[str]] = defaultdict(Counter)
    for page, text in found:
        words = WORD.findall(text)[:budget]
        budget -= len(words)
        have[page].update(words)
    got = total = 0
    for page, text in wanted:
        words = Counter(WORD.findall(text))
        total += words.total()
        got += (words & have[page]).total()
    return got / total if total else 0.0


def _merged(spans: Iterable[Span]) -> dict[str, list[tuple[int, int]]]:
    merged: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for document, start, end in sorted(spans):
        there = merged[document]
        if there and start <= there[-1][1]:
            there[-1] = (there[-1][0], max(end, there[-1][1]))
        else:
            there.append((start, end))
    return merged


def _shared(one: Mapping[str, list[tuple[int, int]]], other: Mapping[str, list[tuple[int, int]]]) -> int:
    return sum(
        max(0, min(end, high) - max(start, low))
        for document, spans in other.items()
        for start, end in spans
        for low, high in one.get(document, ())
    )
