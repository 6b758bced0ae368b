"""Duplicates: questions that ask the same, and documents that say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from transforms.datasets.questions.lexicon import content_words
from transforms.datasets.signatures import index_of, signature_of

ASKS = re.compile(r"\b(who|what|when|where|why|how|which|can|may|does|do|is|are)\b", re.IGNORECASE)

NEAR = 0.7
"""Estimated share of common five-word runs from which two documents are one family."""


def question_key(question: str) -> tuple[str, ...]:
    """Return what two questions have in common when they ask the same in other words.

    The asking word and the bag of content words, without plurals: order, articles and filling do not count.
    Shares of common runs of words are no measure: questions about two rows of a table differ in one word.
    """
    asking = ASKS.search(question)
    words = {word.removesuffix("s") for word in content_words(question)}
    return (asking.group().lower() if asking else "", *sorted(words))


def families(documents: Iterable[tuple[str, str]], together: Iterable[Sequence[str]] = ()) -> dict[str, str]:
    """Return each document's family, named by its smallest document id: near-duplicates are one family.

    `documents` are pairs of id and text; `together` are ids that are one family whatever they say. The same
    documents give the same families in any order.
    """
    signatures = {document: signature_of(text) for document, text in documents}
    parent = {document: document for document in signatures}
    for group in together:
        for one, other in pairwise(group):
            _join(one, other, parent)
    index = index_of(NEAR)
    for document, signature in signatures.items():
        index.insert(document, signature, check_duplication=False)
    for document, signature in signatures.items():
        for other in index.query(signature):
            if signatures[other].jaccard(signature) >= NEAR:
                _join(document, other, parent)
    return {document: _root(document, parent) for document in signatures}


def _join(one: str, other: str, parent: dict[str, str]) -> None:
    low, high = sorted((_root(one, parent), _root(other, parent)))
    parent[high] = low


def _root(document: str, parent: dict[str, str]) -> str:
    while parent[document] != document:
        document = parent[document]
    return document
