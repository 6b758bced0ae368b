"""Products of matrices on the thread that asks for them.

BLAS parts a large one among threads of its own, which go on waiting on their cores when it is done: the next
question's embedding takes longer for it than the product is quicker.
"""

from __future__ import annotations

import numpy as np

from schemas.tools import Vectors

ONE_THREAD = 262_144
"""Multiplications up to which OpenBLAS takes one thread: 65,536 times its GEMM_MULTITHREAD_THRESHOLD of 4."""


def products(rows: Vectors, others: Vectors) -> Vectors:
    """Return the product of each of `rows` with each of `others`, shape (rows, others)."""
    step = max(1, ONE_THREAD // max(1, others.size))
    return np.concatenate([rows[at : at + step] @ others.T for at in range(0, len(rows), step)])
