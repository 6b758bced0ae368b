"""List a source and sort what it has into what must be fetched, redone, relabeled or left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from flows.stages.parsing import parse_fingerprint
from flows.workspace import Workspace
from infra.sources import Listing, Source, open_source
from infra.store import logs
from infra.store.filters import equals
from schemas.counts import count
from schemas.document import DOCUMENT
from schemas.errors import RefusedError
from schemas.release import Release
from transforms.changes import LISTED, Changes, compare

KNOWN_COLUMNS = (
    "document_id",
    "key",
    "record",
    "content_hash",
    "record_hash",
    "parse_fp",
    "meta_hash",
    "status",
)
SMALL = 3
"""So many removals are never suspicious by their share alone, however small the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A source as it is now, beside what is known of it."""

    name: str
    source: Source
    listing: Listing
    items: pa.Table
    known: pa.Table
    changes: Changes
    listed_at: datetime
    retry: frozenset[str] = frozenset()
    """Keys of items that are tried again, whatever is known of them."""


def survey(
    workspace: Workspace,
    name: str,
    base: Release | None,
    *,
    full: bool = False,
    retry: frozenset[str] = frozenset(),
) -> Survey:
    """List a source and compare it with the last release; `full` fetches and redoes every item."""
    section, listed_at = workspace.opened.source(name), workspace.clock()
    source = open_source(name, section, workspace.opened.root, workspace.store)
    listing = source.list()
    listing = replace(listing, items=_by_key(listing.items))
    items = logs.items(workspace.store, name)
    known = known_documents(workspace, name, base)
    listed = listing.items.select(["key", "token"]).append_column(
        "parse_fp",
        pa.array([parse_fingerprint(key, section) for key in listing.items["key"].to_pylist()], pa.string()),
    )
    seen = items.slice(0, 0) if full else _without(items, retry)
    listed = listed.select(LISTED.names)
    changes = compare(listed, seen, known, meta_hash=section.meta_hash, now=listed_at)
    changes = replace(changes, gone=_gone(listing, changes, items))
    return Survey(
        name=name,
        source=source,
        listing=listing,
        items=items,
        known=known,
        changes=changes,
        listed_at=listed_at,
        retry=retry,
    )


def _by_key(items: pa.Table) -> pa.Table:
    """Return a listing sorted by key; one that is already is not copied."""
    keys = items["key"]
    in_order = pc.all(pc.less_equal(keys.slice(0, max(0, len(keys) - 1)), keys.slice(1))).as_py()
    return items if in_order in (True, None) else items.sort_by("key")


def _without(items: pa.Table, keys: frozenset[str]) -> pa.Table:
    return items.filter(pc.invert(pc.is_in(items["key"], pa.array(sorted(keys), pa.string()))))


def _gone(listing: Listing, changes: Changes, items: pa.Table) -> tuple[str, ...]:
    """Return the keys that are no longer there; a listing that may lack some says nothing about that."""
    if not listing.complete:
        return ()
    unlisted = set(items["key"].to_pylist()) - set(listing.items["key"].to_pylist())
    return tuple(sorted({*changes.gone, *unlisted}))


def known_documents(workspace: Workspace, name: str, base: Release | None) -> pa.Table:
    """Return `KNOWN_COLUMNS` of a source's documents as a release has them."""
    known = released(workspace, "documents", base, equals("source", name), KNOWN_COLUMNS)
    return DOCUMENT.empty_table().select(KNOWN_COLUMNS) if known is None else known


def released(
    workspace: Workspace, table: str, base: Release | None, where: str | None, columns: tuple[str, ...] | None
) -> pa.Table | None:
    """Return rows of a table as a release pins it, or None when the release does not have it."""
    if base is None or table not in base.tables:
        return None
    return workspace.store.scan(table, columns, where=where, version=base.tables[table].version)


def check_shrink(workspace: Workspace, found: Survey, *, allow: bool) -> None:
    """Refuse to believe a listing that lost much of the source, unless a person says it is right."""
    live = len(set(found.known["key"].to_pylist()))
    gone = len(set(found.changes.gone) & set(found.known["key"].to_pylist()))
    share = workspace.opened.project.policy.max_shrink_share
    emptied = live > 0 and found.changes.listed == 0 and found.listing.complete
    if allow or not (emptied or gone > max(SMALL, share * live)):
        return
    raise RefusedError(
        f"source {found.name!r} lists {count(found.changes.listed, 'item')}; {gone} of {live} would be "
        f"removed, more than max_shrink_share {share:g}",
        fix="check that the source is whole, then run again with --allow-shrink",
    )
