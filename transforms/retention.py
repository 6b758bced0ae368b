"""Retention: which releases stay as they age: all for a day, one an hour for a week, one a day for 90."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from schemas.project import KeepSection
from schemas.release import Release
from schemas.section import duration_s

HOUR_S, DAY_S = 3_600, 86_400


def thinned_out(
    releases: Sequence[Release], keep: KeepSection, *, now: datetime, held: Collection[int] = ()
) -> tuple[int, ...]:
    """Return the numbers of the releases that are due to expire, oldest first.

    Never the newest, a named one, or one that is `held` (a dataset cites it). Of each hour, and later of each
    day (UTC), the newest release stays; past `keep.daily` none does.
    """
    newest = max((release.release for release in releases), default=0)
    kept: set[int] = {newest, *held, *(release.release for release in releases if release.name)}
    buckets: dict[tuple[int, int], int] = {}
    for release in releases:
        bucket = _bucket(release.created_at, now - release.created_at, keep)
        if bucket is None:
            continue
        if bucket == (0, 0):
            kept.add(release.release)
        else:
            buckets[bucket] = max(buckets.get(bucket, 0), release.release)
    kept |= set(buckets.values())
    return tuple(sorted(release.release for release in releases if release.release not in kept))


def _bucket(made_at: datetime, age: timedelta, keep: KeepSection) -> tuple[int, int] | None:
    """Name the bucket of which one release stays: (0, 0) keeps all that is in it, None keeps none."""
    seconds, at = age.total_seconds(), int(made_at.astimezone(UTC).timestamp())
    if seconds <= duration_s(keep.all):
        return (0, 0)
    if seconds <= duration_s(keep.hourly):
        return (HOUR_S, at // HOUR_S)
    if seconds <= duration_s(keep.daily):
        return (DAY_S, at // DAY_S)
    return None
