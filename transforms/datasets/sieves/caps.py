"""Caps: so many rows at most from one source, author, document or label, so that none drowns the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from schemas.identity import digest

Groups = tuple[tuple[str, str], ...]
"""What a row is of: pairs such as (`source`, `handbook`) or (`label:license`, `MIT`)."""


def rank_of(row_id: str) -> str:
    """Return a row's place in the lot: the same at every release, so that a cap keeps the same rows."""
    return digest("cap", row_id)


def within(rows: Sequence[tuple[str, Groups]], limits: Mapping[str, int]) -> set[int]:
    """Return which rows stay, by their place in `rows`, pairs of rank and groups: the lowest ranks."""
    taken: Counter[tuple[str, str]] = Counter()
    kept = set[int]()
    for n in sorted(range(len(rows)), key=lambda n: (rows[n][0], n)):
        mine = [group for group in rows[n][1] if group[0] in limits]
        if all(taken[group] < limits[group[0]] for group in mine):
            taken.update(mine)
            kept.add(n)
    return kept


def over(groups: Groups, limits: Mapping[str, int]) -> str:
    """Return what a row is of that has a cap, as a reason."""
    return ", ".join(f"{kind}={name}" for kind, name in groups if kind in limits)
