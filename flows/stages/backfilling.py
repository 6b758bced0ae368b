"""Backfill: what is released is made again, from a chosen stage on, in partitions that survive a kill.

It never lists for changes and never remembers an item as seen: an item whose bytes changed since its last
ingest is left to the next one. It works under a lock of its own and takes the source's only to publish.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from flows.stages.estimating import estimate_s
from flows.stages.listing import Survey, released, survey
from flows.stages.parsing import parse_fingerprint
from flows.stages.rebuilding import unbuilt
from flows.stages.recording import remember_quarantine, remember_run
from flows.stages.redoing import Redoing, RedoLedger, publish_redone, work_through
from flows.stages.reporting import failed
from flows.stages.step import Step, direct
from flows.workspace import Index, Workspace
from infra.store import releases
from infra.store.filters import equals
from infra.store.lock import locked
from infra.store.staging import Staging
from schemas.backfill import BackfillOptions, Stage
from schemas.errors import HeadwaterError, NotFoundError, RefusedError
from schemas.identity import digest
from schemas.release import Release
from schemas.run import Run

PUBLISHED = "published"
INGEST_S = 24 * 3_600.0
"""How long a backfill waits for a run of the source's ingest to end."""
SELECTED = ("document_id", "key", "uri", "source_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillPlan:
    """What a backfill of one source would do."""

    backfill_id: str
    source: str
    stage: Stage
    documents: int
    partitions: tuple[tuple[str, ...], ...]
    """The items' keys."""
    seconds: float | None
    """Estimated from the source's last runs; None before the first one."""

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as scripts read it."""
        items = sum(len(keys) for keys in self.partitions)
        told = {"backfill_id": self.backfill_id, "source": self.source, "stage": self.stage, "items": items}
        return {
            **told,
            "documents": self.documents,
            "partitions": len(self.partitions),
            "seconds": self.seconds,
        }


@dataclass(kw_only=True)
class Pace:
    """Holds work to so many items a minute, on average since it began."""

    items_per_minute: float | None
    wait: Callable[[float], None] = time.sleep
    _started: float = field(default_factory=time.monotonic)
    _done: int = 0

    def spend(self, items: int) -> None:
        """Note that items were done, and wait until that many were due."""
        self._done += items
        if self.items_per_minute:
            due = 60.0 * self._done / self.items_per_minute
            self.wait(max(0.0, due - (time.monotonic() - self._started)))


def plan_backfill(workspace: Workspace, name: str, options: BackfillOptions) -> BackfillPlan:
    """Return what a backfill of a source would do now. Raises NotFoundError when nothing is selected."""
    return _planned(workspace, survey(workspace, name, _base(workspace)), options)


def backfill_source(
    workspace: Workspace,
    name: str,
    options: BackfillOptions,
    *,
    step: Step = direct,
    wait: Callable[[float], None] = time.sleep,
) -> list[Run]:
    """Make a selection of a source's documents again and publish what differs; a report for each release.

    Killed and called again with the same options it goes on where it was. Raises BusyError when another
    backfill has the source, RefusedError while an index waits to be built; both change nothing.
    """
    check_indexes(workspace, options)
    with locked(workspace.store, f"backfill-{name}", wait_s=2.0):
        found = survey(workspace, name, _base(workspace))
        plan = _planned(workspace, found, options)
        staging = Staging(workspace.store, f"backfill-{plan.backfill_id}")
        pace = Pace(items_per_minute=options.items_per_minute, wait=wait)
        runs = list(_released(workspace, found, plan, options, staging, pace, step))
        if not any(run.refused for run in runs):
            staging.drop()
        return runs


def _released(
    workspace: Workspace,
    found: Survey,
    plan: BackfillPlan,
    options: BackfillOptions,
    staging: Staging,
    pace: Pace,
    step: Step,
) -> Iterator[Run]:
    """Work through what is not published yet, release by release, until one is refused."""
    done = {marker["key"] for marker in staging.items() if marker["state"] == PUBLISHED}
    todo = [keys for keys in plan.partitions if digest("partition", *keys) not in done]
    size, total = (1 if options.publish == "each" else len(todo)), len(plan.partitions)
    for at in range(0, len(todo), size or 1):
        run = _redoing(workspace, found, options, staging)
        for n, keys in enumerate(todo[at : at + size], start=total - len(todo) + at + 1):
            name = f"partition {n} of {total} of {found.name}"
            step(name, partial(work_through, run, keys, pace.spend))
            workspace.progress.advance(f"backfill {found.name}", n, total)
        report = _published(run, step)
        yield report
        if report.refused:
            return
        staging.mark(found.name, [digest("partition", *keys) for keys in todo[at : at + size]], PUBLISHED)


def _redoing(workspace: Workspace, found: Survey, options: BackfillOptions, staging: Staging) -> Redoing:
    markers = {(m["key"], m["work"]): m["batch"] for m in staging.items()}
    return Redoing(
        workspace=workspace,
        name=found.name,
        run_id=workspace.new_run_id(),
        base=_base(workspace),
        staging=staging,
        found=found,
        stage=options.stage,
        indexes=tuple(_chosen(workspace, options)),
        ledger=RedoLedger(
            known={},
            staged=markers,
            meta_hash=workspace.opened.source(found.name).meta_hash,
            keep=workspace.opened.project.policy.on_reject == "keep",
        ),
    )


def _published(run: Redoing, step: Step) -> Run:
    """Publish under the source's lock, after the ingest that may have it."""
    workspace, started = run.workspace, run.workspace.clock()
    with locked(workspace.store, f"source-{run.name}", wait_s=INGEST_S):
        try:
            report = step("publish", partial(publish_redone, run))
        except HeadwaterError as problem:
            remember_run(workspace, failed(run, problem), started, verb="backfill")
            raise
        remember_quarantine(workspace, run.name, run.run_id, run.found, run.ledger)
        remember_run(workspace, report, started, verb="backfill")
    return report


def _planned(workspace: Workspace, found: Survey, options: BackfillOptions) -> BackfillPlan:
    rows = list(_selected(workspace, found, options))
    keys = sorted({str(row["key"]) for row in rows})
    if not keys:
        raise NotFoundError(
            f"the selection matches none of the {found.known.num_rows} released documents of {found.name!r}",
            fix="widen it; `headwater plan` shows what is released",
        )
    size = options.partition_items
    partitions = tuple(tuple(keys[at : at + size]) for at in range(0, len(keys), size))
    section = workspace.opened.source(found.name)
    stages = {
        *(index.table for index in _chosen(workspace, options)),
        *(parse_fingerprint(k, section) for k in keys),
    }
    return BackfillPlan(
        backfill_id=digest("backfill", found.name, options.stage, *sorted(stages), *keys)[:12],
        source=found.name,
        stage=options.stage,
        documents=len(rows),
        partitions=partitions,
        seconds=estimate_s(
            workspace,
            found.name,
            parses=len(keys) if options.stage == "parse" else 0,
            texts=None if options.stage == "embed" else 0,
        ),
    )


def _selected(workspace: Workspace, found: Survey, options: BackfillOptions) -> Iterator[dict[str, Any]]:
    """Yield the released documents that are meant; one that has no time is in no window."""
    listed = set(found.listing.items["key"].to_pylist())
    wanted = set(options.ids)
    documents = released(workspace, "documents", _base(workspace), equals("source", found.name), SELECTED)
    for row in documents.to_pylist() if documents is not None else []:
        at = row["source_at"]
        if (
            (options.stage != "parse" or row["key"] in listed)
            and (not options.match or fnmatchcase(row["key"], options.match))
            and (not wanted or wanted & {row["document_id"], row["uri"]})
            and (options.since is None or (at is not None and at >= options.since))
            and (options.until is None or (at is not None and at < options.until))
        ):
            yield row


def _chosen(workspace: Workspace, options: BackfillOptions) -> list[Index]:
    if options.index is None:
        return list(workspace.indexes.values())
    if options.index not in workspace.indexes:
        raise NotFoundError(
            f"there is no index {options.index!r} (there are: {', '.join(workspace.indexes)})",
            fix="name one of them with --index, or leave it out for all",
        )
    return [workspace.indexes[options.index]]


def check_indexes(workspace: Workspace, options: BackfillOptions) -> None:
    """Raise NotFoundError for an unknown index, RefusedError while one waits to be built for all sources."""
    _chosen(workspace, options)
    waiting = [index.name for index in unbuilt(workspace, _base(workspace))]
    if waiting:
        raise RefusedError(
            f"index {waiting[0]!r} is set up differently from the released one and is not built yet",
            fix="build it first, for all sources at once: `headwater backfill --stage chunk`",
            state="nothing was changed",
        )


def _base(workspace: Workspace) -> Release:
    base = releases.current(workspace.store)
    if base is None:
        raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
    return base
