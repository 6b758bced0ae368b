"""Publishing: all of a change becomes visible at once, or none of it does.

The order is the law: heal, repair, merge, check the heads, judge, sync, tag, sync, and last the `releases`
row, inserted only if its number is still free. Readers follow that row and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from infra.memory import give_back
from infra.store import releases
from infra.store.compact import compact_log
from infra.store.connection import Store
from infra.store.feature_index import refresh_entity_index
from infra.store.lock import confirm_locks
from infra.store.preview import PreviewStore
from infra.store.repair import publishing, repair, tag_of
from infra.store.rows import delete_rows, put_rows
from infra.store.search_index import refresh_indices
from infra.store.sync import sync_to_disk
from schemas.counts import count
from schemas.errors import ConflictError, HeadwaterError, OnHoldError
from schemas.feature import FEATURES
from schemas.release import RELEASE, Release, TableVersion

if TYPE_CHECKING:
    from lancedb.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """What one table gains and loses: rows replaced or added by key, and keys deleted."""

    key: str
    schema: pa.Schema
    upserts: Callable[[], Iterable[pa.Table]] = field(default=lambda: ())
    """Called once under the lock; yields batches with unique keys."""
    deletes: tuple[str, ...] = ()
    growth: int | None = None
    """How many rows the table must have gained when all is merged (law 1); None checks nothing."""
    anew: bool = False
    """Whether `upserts` are all the table's rows, under a schema that may be another; growth is from none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One release to be: the changes, and what its row says."""

    changes: Mapping[str, TableChange]
    indexes: Mapping[str, dict[str, Any]] | None
    """None keeps those of the last release."""
    kind: str
    created_at: datetime
    config_hash: str = ""
    run_id: str | None = None
    gates: Mapping[str, Any] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    base: int | None = None
    """The release the changes were computed against; None before the first."""
    judge: Callable[[Store, Release], Mapping[str, Any]] | None = None
    """Called once under the lock with a store that shows the release to be and with that release, before
    anybody else can see it. Returns gate results to record with it; its errors abandon the release."""


def publish(store: Store, publication: Publication, *, wait_s: float = 600.0) -> Release:
    """Publish a release and return it.

    Raises OnHoldError while a rollback holds publishing, ConflictError when the tables were rolled
    back or re-indexed since the changes were computed, BusyError when another publisher does not end.
    """
    with publishing(store, wait_s=wait_s):
        last = releases.current(store)
        publication = _upon(last, publication)
        _check_base(store, last, publication)
        repair(store, last)
        opened = {name: _opened(store, name, change) for name, change in publication.changes.items()}
        confirm_locks()  # whoever takes them over from now on fences these handles
        heads = {
            name: _apply(store, last, opened[name], change) for name, change in publication.changes.items()
        }
        for name in _kept(last, publication):
            heads.setdefault(name, store.open(name))
        return commit(store, last, heads, _judged(store, last, heads, publication))


def check_hold(last: Release | None) -> None:
    """Raise OnHoldError when the newest release holds publishing."""
    if last is not None and last.state == "hold":
        raise OnHoldError(
            f"publishing is on hold since release {last.release} ({last.note})",
            fix="run `headwater release resume` when the cause is mended; what was staged is kept",
            state="the run is staged, the last release goes on serving",
        )


def _upon(last: Release | None, publication: Publication) -> Publication:
    """Carry on what a publication does not say: the other sources' cursors, its indexes if it has none."""
    cursors, indexes = (last.cursors, last.indexes) if last else ({}, {})
    kept = indexes if publication.indexes is None else publication.indexes
    return replace(publication, indexes=kept, cursors={**cursors, **publication.cursors})


def _check_base(store: Store, last: Release | None, publication: Publication) -> None:
    if last is None:
        return
    check_hold(last)
    since = [r for r in releases.releases(store) if r.release > (publication.base or 0)]
    if publication.base is not None and any(r.kind in ("rollback", "resume") for r in since):
        raise ConflictError(
            f"the store was rolled back since release {publication.base}, on which this run is based",
            fix="run it again",
            state="the run is staged, nothing was published",
        )
    tables = {str(index["table"]) for index in (publication.indexes or {}).values()}
    if since and tables - last.tables.keys():
        raise ConflictError(
            f"release {last.release} was published while an index was built on release {publication.base}",
            fix="run it again; what is built already is taken up",
            state="the run is staged, nothing was published",
        )


def _kept(last: Release | None, publication: Publication) -> list[str]:
    """Tables of the last release that the new one still names: all but those of indexes it dropped."""
    if last is None:
        return []
    named = {str(index["table"]) for index in (publication.indexes or {}).values()}
    return [name for name in last.tables if not name.startswith("chunks__") or name in named]


def _opened(store: Store, name: str, change: TableChange) -> Table:
    there = store.has(name)  # its columns may be others: those of an older version, or of another index
    return store.open(name) if there else store.ensure(name, change.schema)


def _apply(store: Store, last: Release | None, table: Table, change: TableChange) -> Table:
    """Merge one table's change through one handle, and return the handle at the version it committed."""
    name = table.name
    if last is not None and name not in last.tables and table.count_rows():
        table.delete("true")  # an index that an older release had: its rows there stay, its head starts anew
    if change.anew and (table.count_rows() or table.schema.names != change.schema.names):
        table.add(change.schema.empty_table(), mode="overwrite")
    _add_columns(table, change.schema)
    before = table.count_rows()
    for rows in change.upserts():
        if before:
            put_rows(table, change.key, rows)
        else:  # nothing there to replace, and the growth tells of a key that came twice
            table.add(rows)
        give_back()
    delete_rows(table, change.key, change.deletes)
    _check_growth(table, change, before)
    _refresh(table, store)
    if store.open(name).version != table.version:
        raise ConflictError(
            f"somebody else wrote to table {name!r} while it was being published",
            fix="run it again; the next publisher restores the table first",
            state="the last release goes on serving",
        )
    return table


def _add_columns(table: Table, schema: pa.Schema) -> None:
    """Give a table that an older version made, or a rollback restored, the columns that came since."""
    there = set(table.schema.names)
    lacking = [column for column in schema if column.name not in there and column.nullable]
    if lacking:
        table.add_columns(pa.schema(lacking))


def _refresh(table: Table, store: Store) -> None:
    if table.name.startswith(FEATURES):
        refresh_entity_index(table)
    else:
        refresh_indices(table, store)


def _check_growth(table: Table, change: TableChange, before: int) -> None:
    after = table.count_rows()
    if change.growth is not None and after != before + change.growth:
        raise ConflictError(
            f"table {table.name!r} went from {before} to {count(after, 'row')}; expected: {change.growth:+d}",
            fix="run it again; if it repeats, run `headwater doctor` and report it",
            state="the last release goes on serving",
        )


def _judged(
    store: Store, last: Release | None, heads: Mapping[str, Table], publication: Publication
) -> Publication:
    """Let the release to be be judged; refused, the tables are again as the last release left them."""
    if publication.judge is None:
        return publication
    release = _release(last, heads, publication)
    try:
        found = publication.judge(PreviewStore(store, release), release)
    except HeadwaterError:
        repair(store, last)
        store.reopen()  # what was read of dropped tables is not to be taken for tables of the same name
        raise
    return replace(publication, gates={**publication.gates, **found})


def commit(
    store: Store, last: Release | None, heads: Mapping[str, Table], publication: Publication
) -> Release:
    """Sync, tag the heads, and insert the row that is the release. The caller holds the publish lock.

    Raises ConflictError, before the row, when the publish lock or the source's was taken over meanwhile.
    """
    release = _release(last, heads, publication)
    log = store.ensure(releases.TABLE, RELEASE)
    compact_log(log)
    confirm_locks()  # whoever takes them over from now on fences `log`
    sync_to_disk(store.uri)
    for table in heads.values():
        table.tags.create(tag_of(release.release), table.version)
    sync_to_disk(store.uri)
    _insert(log, release)
    sync_to_disk(store.uri)
    return release


def _release(last: Release | None, heads: Mapping[str, Table], publication: Publication) -> Release:
    return Release(
        release=1 if last is None else last.release + 1,
        parent=last.release if last else None,
        created_at=publication.created_at,
        kind=publication.kind,
        state=_state(last, publication),
        tables={name: _pinned(name, table) for name, table in heads.items()},
        indexes=dict(publication.indexes or {}),
        counts={_short(name): table.count_rows() for name, table in heads.items()},
        cursors=dict(publication.cursors),
        gates=dict(publication.gates),
        config_hash=publication.config_hash,
        run_id=publication.run_id,
        note=publication.note,
    )


def _state(last: Release | None, publication: Publication) -> str:
    """A rollback puts publishing on hold; only `resume` ends that."""
    held = last is not None and last.state == "hold" and publication.kind == "maintain"
    return "hold" if held or publication.kind == "rollback" else "open"


def _pinned(name: str, table: Table) -> TableVersion:
    return TableVersion(name=name, version=table.version, rows=table.count_rows())


def _short(name: str) -> str:
    return "__".join(name.split("__")[:2]) if name.startswith("chunks__") else name


def _insert(log: Table, release: Release) -> None:
    merge = log.merge_insert("release").when_not_matched_insert_all().use_index(use_index=False)
    if merge.execute(releases.to_row(release)).num_inserted_rows != 1:
        raise ConflictError(
            f"release {release.release} was published by somebody else in the meantime",
            fix="run it again; the next publisher repairs the tables",
            state="the other release is served",
        )
