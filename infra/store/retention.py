"""Expiry in two steps: a release is marked and no longer opened; tags and row go when readers are done."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pyarrow as pa

from infra.store import releases
from infra.store.connection import Store
from infra.store.repair import tag_of
from schemas.release import RELEASE


def expire(store: Store, numbers: Collection[int], *, now: datetime) -> None:
    """Mark releases as expired. The caller holds the publish lock."""
    rows = [release for release in releases.releases(store) if release.release in set(numbers)]
    if rows:
        marked = pa.concat_tables([releases.to_row(release) for release in rows])
        at = pa.array([now] * marked.num_rows, RELEASE.field("expired_at").type)
        marked = marked.set_column(RELEASE.get_field_index("expired_at"), RELEASE.field("expired_at"), at)
        merge = store.open(releases.TABLE).merge_insert("release").when_matched_update_all()
        merge.use_index(use_index=False).execute(marked)


def delete_expired(store: Store, *, before: datetime) -> tuple[int, ...]:
    """Delete the tags and the rows of releases that expired before a time, and return their numbers.

    The tags go first: a row without tags is deleted by the next call, a tag without a row by the next repair.
    """
    gone = [r for r in releases.with_expired(store) if r.expired_at is not None and r.expired_at <= before]
    for release in gone:
        for name in release.tables:
            tags = store.open(name).tags
            if tag_of(release.release) in tags.list():
                tags.delete(tag_of(release.release))
    if gone:
        numbers = ", ".join(str(release.release) for release in gone)
        store.open(releases.TABLE).delete(f"release IN ({numbers})")
    return tuple(release.release for release in gone)
