"""Signatures: what share of their runs of words two texts have in common, by MinHash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

WORD = re.compile(r"\w+")
RUN_WORDS = 5
PERMUTATIONS = 64
"""Enough to tell a share to within .06."""

HASHED_AT_ONCE = 4_096
INDEXED_SHARE = 0.9
"""What an index looks for at most; what it finds is compared in full."""


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return WORD.findall(text.lower())


def signature_of(text: str) -> MinHash:
    """Return the signature of a text's runs of words; of a shorter text, of all its words as one run."""
    made = _empty().copy()
    runs = sorted(set(runs_of(words(text), RUN_WORDS)) or {" ".join(words(text))})
    for at in range(0, len(runs), HASHED_AT_ONCE):
        made.update_batch([run.encode("utf-8", "surrogatepass") for run in runs[at : at + HASHED_AT_ONCE]])
    return made


def runs_of(said: list[str], length: int) -> Iterator[str]:
    """Yield every run of so many words; none of fewer words."""
    return (" ".join(said[n : n + length]) for n in range(len(said) - length + 1))


def index_of(share: float) -> MinHashLSH:
    """Return an empty index of signatures that have such a share in common, or more."""
    from datasketch import MinHashLSH

    return MinHashLSH(threshold=min(share, INDEXED_SHARE), num_perm=PERMUTATIONS)


@cache
def _empty() -> MinHash:
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS)
