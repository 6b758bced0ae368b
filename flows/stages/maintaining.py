"""Maintain: thin out releases, compact what they name, forget unused vectors; no reader or writer breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from flows.stages.dataset_pins import EARLIER
from flows.stages.step import Step, direct
from flows.workspace import Workspace
from infra.store import Store, releases
from infra.store.collect import collect_embeddings, collect_staging
from infra.store.compact import clean, compact, needs_compaction
from infra.store.heal import STAGING
from infra.store.interactions import forget_before
from infra.store.publish import commit
from infra.store.pushed import collect_originals
from infra.store.releases import is_released
from infra.store.repair import publishing, repair
from infra.store.reports import collect_reports
from infra.store.retention import delete_expired, expire
from infra.store.rollback import equal_to
from infra.store.size import bytes_on_disk
from schemas.section import duration_s
from transforms.retention import thinned_out

BUSY = (RuntimeError, OSError, ValueError)
"""What Lance raises when a writer of a log was faster: the log is compacted another time."""


@dataclass(kw_only=True)
class Maintenance:
    """What one maintenance did."""

    release: int | None = None
    """The release of equal content that it published, if it rewrote what releases name."""
    expired: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    compacted: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Logs that somebody was writing to."""
    embeddings_collected: int = 0
    originals_collected: int = 0
    """Pushed bytes that no item has any more."""
    staging_dropped: tuple[str, ...] = ()
    reports_deleted: int = 0
    logs_deleted: dict[str, int] = field(default_factory=dict)
    """Rows by log that were older than `policy.logs` keeps them."""
    bytes_before: int = 0
    bytes_after: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it as scripts read it."""
        return asdict(self)


def maintain(workspace: Workspace, *, step: Step = direct) -> Maintenance:
    """Thin out, compact, clean and collect. Writers of releases wait for it; everybody else goes on.

    Raises BusyError when a publisher does not end in time, with nothing changed.
    """
    store, done = workspace.store, Maintenance()
    done.bytes_before = bytes_on_disk(store)
    with publishing(store, wait_s=600.0):
        repair(store, releases.current(store))
        step("thin out releases", lambda: _thin_out(workspace, done))
        step("compact released tables", lambda: _compact_released(workspace, done))
        step("collect embeddings", lambda: _collect(workspace, done))
        step("compact logs", lambda: _compact_logs(workspace, done))
    done.bytes_after = bytes_on_disk(store)
    return done


def _thin_out(workspace: Workspace, done: Maintenance) -> None:
    store, keep, now = workspace.store, workspace.opened.project.policy.keep, workspace.clock()
    there = releases.releases(store)
    done.expired = thinned_out(there, keep, now=now, held=_cited(store))
    expire(store, done.expired, now=now)
    done.deleted = delete_expired(store, before=now - timedelta(seconds=duration_s(keep.reader_grace)))
    repair(store, releases.current(store))  # drops the tables that only deleted releases named


def _compact_released(workspace: Workspace, done: Maintenance) -> None:
    store, last = workspace.store, releases.current(workspace.store)
    if last is None:
        return
    heads = {name: store.open(name) for name in last.tables}
    for name, table in heads.items():
        if needs_compaction(table):
            compact(table)
            done.compacted.append(name)
    if done.compacted:
        made = equal_to(last, "maintain", workspace.clock(), "maintained")
        done.release = commit(store, last, heads, made).release
    for name in heads:
        clean(store, name, older_than=_grace(workspace))


def _collect(workspace: Workspace, done: Maintenance) -> None:
    store, now = workspace.store, workspace.clock()
    done.embeddings_collected = collect_embeddings(store)
    done.originals_collected = collect_originals(store)
    done.staging_dropped = collect_staging(store, _names(workspace), now=now)
    done.reports_deleted = collect_reports(store)
    for name, kept in workspace.opened.project.policy.logs:
        with _unless_busy(name, done):
            done.logs_deleted[name] = forget_before(store, name, now - timedelta(seconds=duration_s(kept)))


def _names(workspace: Workspace) -> set[str]:
    return {*workspace.opened.project.sources, *workspace.opened.project.features}


def _compact_logs(workspace: Workspace, done: Maintenance) -> None:
    store = workspace.store
    for name in store.names():
        if is_released(name) or name.startswith(STAGING):
            continue
        with _unless_busy(name, done):
            table = store.open(name)
            if needs_compaction(table):
                compact(table)
                done.compacted.append(name)
            clean(store, name, older_than=_grace(workspace))


@contextmanager
def _unless_busy(name: str, done: Maintenance) -> Iterator[None]:
    try:
        yield
    except BUSY as problem:
        done.skipped.append(f"{name}: {problem}")


def _cited(store: Store) -> set[int]:
    """Return the releases that datasets were made of, and those that they were compared with."""
    if not store.has("datasets"):
        return set()
    rows = store.scan("datasets", ["release", "counts"]).to_pylist()
    earlier = {json.loads(row["counts"]).get("pins", {}).get(EARLIER) for row in rows} - {None}
    return {row["release"] for row in rows} | earlier


def _grace(workspace: Workspace) -> timedelta:
    return timedelta(seconds=duration_s(workspace.opened.project.policy.keep.reader_grace))
