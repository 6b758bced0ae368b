"""Age: what a source's half-life takes from a score, and what is too old to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from transforms.rank import Hit, ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Aging:
    """How a source's passages age, in seconds; None for not at all."""

    max_age_s: float | None = None
    half_life_s: float | None = None


def let_age(hits: Sequence[Hit], aging: Mapping[str, Aging], *, at: datetime) -> list[Hit]:
    """Return the hits in a new order: each score halved for every half-life from its source's time to `at`.

    `at` is the release's time and not the request's, so that a release answers the same every day (law 9).
    """
    if not any(limit.half_life_s for limit in aging.values()):
        return list(hits)
    return ranked(hit._replace(freshness=round(_freshness(hit.row, aging, at), 9)) for hit in hits)


def too_old(hits: Sequence[Hit], aging: Mapping[str, Aging], *, now: datetime) -> set[str]:
    """Return the chunk ids of hits whose source's time is further back than their source allows."""
    limits = {source: limit.max_age_s for source, limit in aging.items() if limit.max_age_s is not None}
    return {
        hit.chunk_id
        for hit in hits
        if hit.row["source"] in limits and _age_s(hit.row, now) > limits[hit.row["source"]]
    }


def _freshness(row: dict[str, Any], aging: Mapping[str, Aging], at: datetime) -> float:
    half_life_s = aging[row["source"]].half_life_s if row["source"] in aging else None
    return 1.0 if half_life_s is None else float(0.5 ** (_age_s(row, at) / half_life_s))


def _age_s(row: dict[str, Any], at: datetime) -> float:
    """Return the age in seconds; 0 for what has no time, or one in the future."""
    changed = row["source_at"]
    return max(0.0, (at - changed).total_seconds()) if changed else 0.0
