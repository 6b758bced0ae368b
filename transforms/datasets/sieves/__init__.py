"""Sieves: what an example goes through between its builder and its file.

A sieve takes an example and returns it, another in its place, or a `Refused` with its reason. They are
applied in one order, and the first refusal counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from schemas.dataset import Example, Refused

Sieve = Callable[[Example], Example | Refused]


def sifted(
    made: Iterable[Example | Refused], sieves: Sequence[Sieve], *, built: Callable[[Refused], None]
) -> Iterator[Example | Refused]:
    """Yield what is left of each example, or why nothing is; `built` is told what the builder refused."""
    for one in made:
        if isinstance(one, Refused):
            built(one)
        left: Example | Refused = one
        for sieve in sieves:
            if isinstance(left, Refused):
                break
            left = sieve(left)
        yield left
