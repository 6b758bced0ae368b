"""Work: what changed in a source is parsed, chunked, embedded and staged, here or on several machines.

On several machines the listing is cut into parts. A worker gets a part's rows of the listing and what is
known of them, reads the items itself, appends to the staging tables, and sends back what became of each item.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from flows.cluster import check_reachable, spread
from flows.ledger import Ledger, known_items
from flows.stages.listing import Survey
from flows.stages.parsing import Job, ParsedItem, parsed
from flows.stages.reporting import ActiveRun
from flows.stages.staging import BATCH_CHARS, batched, stage_batch
from flows.stages.step import Step
from flows.workspace import Seconds, Workspace, open_workspace
from infra.memory import give_back
from infra.sources import open_source
from infra.store.staging import Staging
from schemas.errors import ConfigError
from schemas.identity import digest

PART_ITEMS, PART_BYTES = 1_024, 2 * 1024**2
"""What a worker is handed at once: some 2,500 chunks, half a minute's work, staged in one go if it fits."""
ONE_AT_A_TIME = threading.Lock()
"""A process has one embedder and one pair of parsers: more threads would only hold more at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a worker needs to know to work on some items of a source."""

    project: str
    """The project file, at the same path for every worker."""
    config_hash: str
    source: str
    run_id: str
    tables: tuple[str, ...]
    listing: pa.Table
    items: pa.Table
    known: pa.Table
    staged: dict[tuple[str, str], str]
    listed_at: datetime
    retry: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a part."""

    items: int
    ledger: Ledger
    seconds: dict[str, float]


def work(run: ActiveRun, found: Survey, ledger: Ledger, todo: tuple[str, ...], step: Step) -> None:
    """Work on the items with these keys where the project file says."""
    runner = run.workspace.opened.project.runner
    if runner.address is None:
        job = job_of(run.workspace, found, run.run_id)
        work_here(job, todo, ledger, run.staging, run.seconds, step)
        return
    check_reachable(run.workspace.opened.store_uri, runner.address)
    behind = 0
    for done in spread(runner.address, work_on, parts(run, found, ledger, todo)):
        ledger.absorb(done.ledger)
        run.seconds.add(done.seconds)
        behind += done.items
        run.workspace.progress.advance(run.name, behind, len(todo))


def job_of(workspace: Workspace, found: Survey, run_id: str) -> Job:
    """Return what parsing a source needs to know."""
    return Job(
        workspace=workspace,
        name=found.name,
        section=workspace.opened.source(found.name),
        source=found.source,
        listing=found.listing.items,
        known=found.known,
        tables=tuple(index.table for index in workspace.indexes.values()),
        run_id=run_id,
    )


def work_here(
    job: Job, todo: tuple[str, ...], ledger: Ledger, staging: Staging, seconds: Seconds, step: Step
) -> None:
    """Work in this process; parsing goes on in children while a batch is embedded."""
    items = _shown(job, parsed(job, todo, ledger, seconds), len(todo))
    for batch in batched(items):
        name = digest(job.run_id, *[item.work for item in batch])
        step("stage", partial(stage_batch, job.workspace, staging, name, batch, ledger, seconds))
        give_back()


def parts(run: ActiveRun, found: Survey, ledger: Ledger, todo: tuple[str, ...]) -> Iterator[Part]:
    """Yield the listing's items with these keys, part by part, with what is known of them."""
    workspace, wanted = run.workspace, pa.array(todo, pa.string())
    listing = found.listing.items.filter(pc.is_in(found.listing.items["key"], wanted))
    staged: dict[str, dict[tuple[str, str], str]] = {}
    for (key, hashed), batch in ledger.staged.items():
        staged.setdefault(key, {})[key, hashed] = batch
    for rows in _cut(listing):
        keys = rows["key"].to_pylist()
        mine = pa.array(keys, pa.string())
        yield Part(
            project=str(workspace.opened.path),
            config_hash=workspace.opened.config_hash,
            source=run.name,
            run_id=run.run_id,
            tables=tuple(index.table for index in workspace.indexes.values()),
            listing=rows,
            items=found.items.filter(pc.is_in(found.items["key"], mine)),
            known=found.known.filter(pc.is_in(found.known["key"], mine)),
            staged={one: batch for key in keys for one, batch in staged.get(key, {}).items()},
            listed_at=found.listed_at,
            retry=found.retry & frozenset(keys),
        )


def work_on(part: Part) -> Done:
    """Work on a part, on whatever machine this is.

    A part that is done twice, because a worker died or was believed dead, is staged twice under two ids: only
    the one that comes back counts.
    """
    with ONE_AT_A_TIME:
        workspace, seconds = _workspace_of(part), Seconds()
        section = workspace.opened.source(part.source)
        job = Job(
            workspace=workspace,
            name=part.source,
            section=section,
            source=open_source(part.source, section, workspace.opened.root, workspace.store),
            listing=part.listing,
            known=part.known,
            tables=part.tables,
            run_id=part.run_id,
        )
        keys = tuple(part.listing["key"].to_pylist())
        ledger = Ledger(
            known=known_items(part.items, part.known, keys),
            staged=part.staged,
            meta_hash=section.meta_hash,
            keep=workspace.opened.project.policy.on_reject == "keep",
            now=part.listed_at,
            retry=part.retry,
        )
        staging = Staging(workspace.store, part.source, owner=False)
        attempt = uuid.uuid4().hex
        for batch in batched(parsed(job, keys, ledger, seconds), most_chars=max(BATCH_CHARS, PART_BYTES)):
            name = digest(part.run_id, attempt, *[item.work for item in batch])
            stage_batch(workspace, staging, name, batch, ledger, seconds)
        return Done(items=len(keys), ledger=replace(ledger, known={}, staged={}), seconds=seconds.as_dict())


def _workspace_of(part: Part) -> Workspace:
    workspace = _opened(part.project, part.config_hash)
    tables = tuple(index.table for index in workspace.indexes.values())
    if (workspace.opened.config_hash, tables) != (part.config_hash, part.tables):
        raise ConfigError(
            f"this worker reads other settings at {part.project!r} than the run that it works for",
            fix="give every worker the same project file, environment and version of Headwater",
        )
    return workspace


@lru_cache(maxsize=8)
def _opened(project: str, config_hash: str) -> Workspace:  # noqa: ARG001 - another file is another workspace
    return open_workspace(project)


def _cut(listing: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of a listing in parts, bounded in items and in bytes, each with buffers of its own."""
    start = size = 0
    for n, one in enumerate(listing["size"].to_pylist()):
        size += one or 0
        if n + 1 - start >= PART_ITEMS or size >= PART_BYTES:
            yield listing.take(pa.array(range(start, n + 1)))
            start, size = n + 1, 0
    if start < listing.num_rows:
        yield listing.take(pa.array(range(start, listing.num_rows)))


def _shown(job: Job, items: Iterator[ParsedItem], total: int) -> Iterator[ParsedItem]:
    for done, item in enumerate(items, start=1):
        job.workspace.progress.advance(job.name, done, total)
        yield item
