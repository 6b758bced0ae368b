"""A part of a backfill: items made again from a stage on, staged, and published where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from flows.ledger import KnownItem, Ledger, known_items
from flows.stages.differences import (
    Difference,
    Differences,
    Staged,
    differences,
    of_chunks,
    of_vectors,
)
from flows.stages.indexing import embed_again
from flows.stages.listing import Survey, known_documents, released
from flows.stages.parsing import Job, parsed
from flows.stages.rebuilding import (
    Redo,
    Rows,
    redo,
    redos_of,
    released_documents,
    released_rows,
    stage_redone,
)
from flows.stages.releasing import release_staged
from flows.stages.reporting import ActiveRun, report
from flows.stages.staging import batched, index_all, stage_batch
from flows.workspace import Index
from infra.store import logs, releases
from infra.store.filters import equals, is_in
from infra.store.staging import Valid
from schemas.identity import digest
from schemas.outcome import nothing_rejected
from schemas.release import Release
from schemas.run import ItemCounts, Run

Spend = Callable[[int], None]


class RedoLedger(Ledger):
    """Has everything done again, but for items whose bytes are not what was released: those are ingest's."""

    def settle(self, key: str, content_hash: str, work: str, parse_fp: str) -> bool:  # noqa: ARG002 - any parser's
        """Tell whether an item that was read needs no work, having noted why."""
        before = self.known.get(key)
        if before is None or not before.holds(content_hash):
            self.unchanged.add(key)
            return True
        return self.take_up(key, content_hash, work)


@dataclass(kw_only=True)
class Redoing(ActiveRun):
    """Items of one source that are made again from a stage on, to be published together."""

    found: Survey
    stage: str
    indexes: tuple[Index, ...]
    ledger: RedoLedger
    keys: set[str] = field(default_factory=set)
    """What was worked through so far."""
    redone: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(chunk table, key) -> (work, batch) of what is staged, for stages after parsing."""


def work_through(run: Redoing, keys: tuple[str, ...], spend: Spend) -> None:
    """Make items again and stage them; what is staged already is not done twice."""
    run.keys |= set(keys)
    if run.stage == "parse":
        _parse(run, keys, spend)
    else:
        _index(run, keys, spend)


def publish_redone(run: Redoing) -> Run:
    """Publish what differs from the newest release, which the caller keeps ingest of this source from moving.

    What ingest changed since it was staged is left out: ingest has made it anew itself.
    """
    run.base = releases.current(run.workspace.store)
    staged = _still_true(run)
    found = differences(staged) if run.stage == "parse" else _of_indexes(run, staged)
    counts = _counts(run)
    if not found:
        return report(run, run.ledger, counts)
    return release_staged(run, staged, found, counts)


def _parse(run: Redoing, keys: tuple[str, ...], spend: Spend) -> None:
    run.ledger.known |= _known(run, keys)
    job = Job(
        workspace=run.workspace,
        name=run.name,
        section=run.workspace.opened.source(run.name),
        source=run.found.source,
        listing=run.found.listing.items,
        known=run.found.known,
        tables=tuple(index.table for index in run.workspace.indexes.values()),
        run_id=run.run_id,
    )
    for batch in batched(parsed(job, keys, run.ledger, run.seconds)):
        name = digest(run.run_id, *[item.work for item in batch])
        stage_batch(run.workspace, run.staging, name, batch, run.ledger, run.seconds)
        spend(len(batch))


def _index(run: Redoing, keys: tuple[str, ...], spend: Spend) -> None:
    make = {"chunk": _chunked, "embed": _embedded}[run.stage]
    rows = _released_rows(run, keys)
    for index in run.indexes:
        redos = list(redos_of(rows, run.stage, index))

        def stage(batch: str, group: list[Redo], index: Index = index) -> None:
            made, rejected = make(run, index, group)
            stage_redone(run, batch, group, {index.table: made}, rejected, run.ledger)
            spend(len(group))

        batches = {key: batch for _, key, batch in redo(run, redos, f"{run.stage} {index.name}", stage)}
        run.redone |= {(index.table, one.key): (one.work, batches[one.key]) for one in redos}


def _chunked(run: Redoing, index: Index, group: list[Redo]) -> tuple[pa.Table, pa.Table]:
    documents = released_documents(run.workspace, _base(run), group)
    rows, rejected = index_all(run.workspace, documents, run.ledger, run.seconds, only=index)
    return rows[index.table], rejected


def _embedded(run: Redoing, index: Index, group: list[Redo]) -> tuple[pa.Table, pa.Table]:
    ids = [document for one in group for document in one.documents]
    chunks = released(run.workspace, index.table, _base(run), is_in("document_id", ids), None)
    assert chunks is not None  # noqa: S101 - a backfill is refused while an index is not built
    with run.seconds.spent_on("embed"):
        rows = embed_again(run.workspace, index, chunks)
    run.ledger.embedded += rows.num_rows
    return rows, nothing_rejected()


def _still_true(run: Redoing) -> Staged:
    """Return what is staged without what is no longer made from what is released."""
    keys = tuple(sorted(run.keys))
    if run.stage == "parse":
        run.ledger.known = _known(run, keys)
        now = run.ledger.known
        for key in [k for k, found in run.ledger.passed.items() if k not in now or not now[k].holds(found)]:
            del run.ledger.passed[key], run.ledger.batches[key]
            run.ledger.unchanged.add(key)
        valid = Valid(source=run.name, batches=run.ledger.batches)
    else:
        rows = _released_rows(run, keys)
        works = {(i.table, one.key): one.work for i in run.indexes for one in redos_of(rows, run.stage, i)}
        run.redone = {at: made for at, made in run.redone.items() if works.get(at) == made[0]}
        redone = ((run.name, key, batch) for (_, key), (_, batch) in run.redone.items())
        valid = Valid(others=frozenset(redone))
    return Staged(
        workspace=run.workspace,
        base=run.base,
        staging=run.staging,
        valid=valid,
        ledger=run.ledger,
        section=run.workspace.opened.source(run.name),
        source=run.name,
        gone=(),
    )


def _of_indexes(run: Redoing, staged: Staged) -> Differences:
    compared = {"chunk": of_chunks, "embed": of_vectors}[run.stage]
    chunks = {index.table: Difference() for index in run.workspace.indexes.values()}
    for index in run.indexes:
        chunks[index.table] = compared(staged, index.table)
    return Differences(documents=Difference(), chunks=chunks)


def _counts(run: Redoing) -> ItemCounts:
    if run.stage == "parse":
        return run.ledger.counts(len(run.keys), 0)
    redone = {key for _, key in run.redone}
    return ItemCounts(listed=len(run.keys), changed=len(redone), unchanged=len(run.keys - redone))


def _known(run: Redoing, keys: Iterable[str]) -> dict[str, KnownItem]:
    """Return what is known of some items at the run's base release."""
    documents = known_documents(run.workspace, run.name, run.base)
    return known_items(logs.items(run.workspace.store, run.name), documents, sorted(keys))


def _released_rows(run: Redoing, keys: tuple[str, ...]) -> Rows:
    wanted = set(keys)
    rows = released_rows(run.workspace, _base(run), equals("source", run.name))
    return [row for row in rows if row["key"] in wanted]


def _base(run: Redoing) -> Release:
    assert run.base is not None  # noqa: S101 - there is nothing to make again before the first release
    return run.base
