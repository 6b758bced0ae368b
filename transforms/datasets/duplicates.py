"""Duplicates: questions that ask the same, and documents that say the same."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from transforms.datasets.questions.lexicon import content_words

ASKS = re.compile(r"\b(who|what|when|where|why|how|which|can|may|does|do|is|are)\b", re.IGNORECASE)

SHINGLE_WORDS = 5
PERMUTATIONS = 64
BANDS = 16
"""16 bands of 4: two documents that share 70 % of their runs of words nearly always meet in a band."""

NEAR = 0.7
"""Estimated share of common five-word runs from which two documents are one family."""

PRIME = (1 << 61) - 1
Signature = npt.NDArray[np.uint64]


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
    signatures = {document: _signature(text) for document, text in documents}
    parent = {document: document for document in signatures}
    for group in together:
        for one, other in pairwise(group):
            _join(one, other, parent)
    for bucket in _buckets(signatures):
        for one, other in pairwise(bucket):
            _join_if_near(one, other, signatures, parent)
    return {document: _root(document, parent) for document in signatures}


def _buckets(signatures: dict[str, Signature]) -> list[Sequence[str]]:
    found: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    for document in sorted(signatures):
        for band, part in enumerate(np.split(signatures[document], BANDS)):
            found[band, part.tobytes()].append(document)
    return [bucket for bucket in found.values() if len(bucket) > 1]


def _join_if_near(one: str, other: str, signatures: dict[str, Signature], parent: dict[str, str]) -> None:
    if float(np.mean(signatures[one] == signatures[other])) < NEAR:
        return
    _join(one, other, parent)


def _join(one: str, other: str, parent: dict[str, str]) -> None:
    low, high = sorted((_root(one, parent), _root(other, parent)))
    parent[high] = low


def _root(document: str, parent: dict[str, str]) -> str:
    while parent[document] != document:
        document = parent[document]
    return document


def _signature(text: str) -> Signature:
    words = re.findall(r"\w+", text.lower())
    runs = {" ".join(words[n : n + SHINGLE_WORDS]) for n in range(max(1, len(words) - SHINGLE_WORDS + 1))}
    hashes = np.array([_number(run) for run in runs], dtype=np.uint64)
    multipliers, offsets = _permutations()
    smallest = np.full(PERMUTATIONS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for part in np.array_split(hashes, max(1, len(hashes) // 4096)):
        values = (part[:, None] * multipliers[None, :] + offsets[None, :]) % np.uint64(PRIME)
        smallest = np.minimum(smallest, values.min(axis=0))
    return smallest


def _number(text: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big"
    )


@cache
def _permutations() -> tuple[Signature, Signature]:
    """Multipliers and offsets below 2**28, so that a product with a 32-bit hash stays within 64 bits."""
    numbers = [
        int.from_bytes(hashlib.sha256(f"permutation {n}".encode()).digest()[:8], "big")
        for n in range(2 * PERMUTATIONS)
    ]
    small = np.array([number % (1 << 28) + 1 for number in numbers], dtype=np.uint64)
    return small[:PERMUTATIONS], small[PERMUTATIONS:]
