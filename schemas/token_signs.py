"""Token signs: of each token of a text, which numbers of its vector are positive; a bit for each number.

A thirtieth of the vectors themselves, and as good to compare with a question's own token vectors: figures in
`infra/decisions/0029-token-signs.md`.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Dimension = TypeVar("Dimension", int, npt.NDArray[np.int64])


def pack(tokens: npt.NDArray[np.float32]) -> bytes:
    """Return the signs of token vectors, shape (tokens, dimension), one token after the other."""
    return np.packbits(tokens > 0, axis=1).tobytes()


def unpack(signs: bytes, dimension: int) -> Bits:
    """Return the signs of a text, 1 where positive, shape (tokens, dimension)."""
    packed = np.frombuffer(signs, np.uint8).reshape(-1, bytes_each(dimension))
    return np.unpackbits(packed, axis=1, count=dimension)


def bytes_each(dimension: Dimension) -> Dimension:
    """Return what a token's signs take; of several dimensions for each."""
    return -(-dimension // 8)
