"""Freshness of every source: when it last changed, was looked at and released, against what is allowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.stages.quarantining import in_quarantine
from flows.workspace import Workspace
from infra.store import logs, releases
from infra.store.denials import forbidden
from infra.store.filters import both, is_in, readable_by
from schemas.feature import FeatureSection, table_of
from schemas.freshness import Freshness, FreshnessState
from schemas.project import SourceSection
from schemas.release import Release
from schemas.section import duration_s
from transforms.turns import longest_wait_s

Kept = SourceSection | FeatureSection
TURNS = 2
"""So many turns of its schedule a source may miss before it is overdue: one may be running."""
ENDED_WELL = ("published", "unchanged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a release has of a source."""

    documents: int = 0
    stale: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The newest runs of a source that say something."""

    last: dict[str, Any] | None = None
    looked: dict[str, Any] | None = None
    published: dict[str, Any] | None = None


def freshness(workspace: Workspace, entries: Collection[str] | None = None) -> list[Freshness]:
    """Return how fresh each source and feature is, in the order of the project file.

    With acl entries, only of what they may read: a source with nothing for them is not in the answer. Without
    them, of everything, which is for those who run the project.
    """
    newest = releases.current(workspace.store)
    released = _released(workspace, newest, entries)
    ran = _runs(workspace)
    waiting = Counter(row["source"] for row in in_quarantine(workspace, None))
    found = []
    for name, section in sections(workspace).items():
        whole = reads_whole(section, entries)
        if not whole and name not in released:
            continue
        mine = released.get(name, Released())
        found.append(_of(workspace, name, section, mine, ran.get(name, Runs()), waiting[name], whole=whole))
    return found


def sections(workspace: Workspace) -> dict[str, Kept]:
    """Return what the project keeps up to date, sources and then features, by name."""
    return {**workspace.opened.project.sources, **workspace.opened.project.features}


def reads_whole(section: Kept, entries: Collection[str] | None) -> bool:
    """Tell whether acl entries open all of a source, what is not released too; None opens everything."""
    return entries is None or (section.acl_column is None and not set(section.acl).isdisjoint(entries))


def _of(
    workspace: Workspace,
    name: str,
    section: Kept,
    mine: Released,
    ran: Runs,
    waiting: int,
    *,
    whole: bool,
) -> Freshness:
    now = workspace.clock()
    looked_at = ran.looked["started_at"] if ran.looked else None
    age_s, looked_s = _since(mine.changed_at, now), _since(looked_at, now)
    stopped = whole and ran.last is not None and ran.last["state"] not in ENDED_WELL
    told = logs.last_run(workspace.store, name).refused if stopped else None
    published = ran.published if whole else None
    return Freshness(
        source=name,
        kind=section.type if isinstance(section, SourceSection) else "feature",
        state=_state(section, ran, age_s, looked_s),
        owner=section.owner,
        changed_at=mine.changed_at,
        age_s=age_s,
        max_age=section.max_age,
        looked_at=looked_at,
        looked_s=looked_s,
        release=published["release"] if published else None,
        released_at=published["started_at"] if published else None,
        documents=mine.documents,
        stale=mine.stale,
        quarantined=waiting if whole else None,
        detail=told["detail"] if told else "",
    )


def _state(section: Kept, ran: Runs, age_s: float | None, looked_s: float | None) -> FreshnessState:
    if ran.last is not None and ran.last["state"] in ("refused", "failed"):
        return "refused" if ran.last["state"] == "refused" else "failed"
    if looked_s is None:
        return "never"
    allowed_s = duration_s(section.max_age) if section.max_age else None
    limits = [limit for limit in (allowed_s, _patience_s(section)) if limit is not None]
    if any(looked_s > limit for limit in limits):
        return "overdue"
    if allowed_s is not None and age_s is not None and age_s > allowed_s:
        return "old"
    return "fresh"


def _patience_s(section: Kept) -> float | None:
    if section.schedule is None:
        return None
    turn = section.schedule.every_s or longest_wait_s(section.schedule.cron or "")
    return TURNS * turn if turn else None


def _since(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round(max(0.0, (now - at).total_seconds()), 1)


def _runs(workspace: Workspace) -> dict[str, Runs]:
    """Return the newest ingest of each source, the newest that ended well, and the newest that published."""
    found: dict[str, Runs] = {}
    rows = logs.runs(workspace.store).to_pylist()
    for name in {row["source"] for row in rows}:
        mine = [row for row in rows if row["source"] == name]
        ingests = [row for row in mine if row["verb"] == "ingest"]
        found[name] = Runs(
            last=next(iter(ingests), None),
            looked=next((row for row in ingests if row["state"] in ENDED_WELL), None),
            published=next((row for row in mine if row["state"] == "published"), None),
        )
    return found


def _released(
    workspace: Workspace, newest: Release | None, entries: Collection[str] | None
) -> dict[str, Released]:
    if newest is None:
        return {}
    readable = None if entries is None else readable_by(entries)
    found = _documents(workspace, newest, entries, readable)
    for name in workspace.opened.project.features:
        table = newest.tables.get(table_of(name))
        if table is None:
            continue
        rows = workspace.store.scan(table.name, ["event_at"], where=readable, version=table.version)
        if rows.num_rows:
            at = pc.max(rows["event_at"]).as_py()
            found[name] = Released(documents=rows.num_rows, changed_at=at)
    return found


def _documents(
    workspace: Workspace, newest: Release, entries: Collection[str] | None, readable: str | None
) -> dict[str, Released]:
    """Return what the newest release has of each source, of what is not denied since."""
    table = newest.tables.get("documents")
    if table is None:
        return {}
    denied = forbidden(workspace.store, newest, newest, entries) if entries is not None else ()
    where = both(readable, f"NOT ({is_in('document_id', denied)})" if denied else None)
    columns = ["source", "status", "source_at"]
    rows = workspace.store.scan("documents", columns, where=where, version=table.version)
    live = pc.if_else(pc.equal(rows["status"], "stale"), 1, 0)
    by_source = (
        pa.table({"source": rows["source"], "at": rows["source_at"], "stale": live})
        .group_by("source")
        .aggregate([("stale", "count"), ("stale", "sum"), ("at", "max")])
    )
    return {
        row["source"]: Released(
            documents=row["stale_count"], stale=row["stale_sum"], changed_at=row["at_max"]
        )
        for row in by_source.to_pylist()
    }
