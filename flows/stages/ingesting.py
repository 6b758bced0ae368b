"""Ingest, in the order of the data: list, compare, work, audit, publish; with and without Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flows.ledger import Ledger, known_items
from flows.stages import judging
from flows.stages.auditing import Audit, audit
from flows.stages.differences import Differences, Staged, differences
from flows.stages.estimating import estimate_s
from flows.stages.fitting import staged_misfits
from flows.stages.listing import Survey, check_shrink, survey
from flows.stages.publishing import publish_staged
from flows.stages.rebuilding import check_redo, labeled, rebuild, surviving, unbuilt
from flows.stages.recording import remember_items, remember_quarantine, remember_run
from flows.stages.reporting import ActiveRun, failed, report
from flows.stages.step import Step, direct
from flows.stages.working import work
from flows.workspace import Seconds, Workspace
from infra.store import releases
from infra.store.lock import locked
from infra.store.staging import Staging, Valid
from schemas.errors import HeadwaterError, RefusedError
from schemas.run import ItemCounts, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What a person may say about one run."""

    full: bool = False
    """Read every item's bytes, whatever its token says."""
    allow_shrink: bool = False
    allow_rebuild: bool = False
    retry: frozenset[str] = frozenset()
    """Keys of items to fetch and parse again, whatever is known of them."""
    run_id: str | None = None
    """The run's id, where somebody was told it before."""


@dataclass(kw_only=True)
class Ingest(ActiveRun):
    """One run of one source, from its listing to its release."""

    options: IngestOptions


def ingest_source(
    workspace: Workspace, name: str, options: IngestOptions | None = None, *, step: Step = direct
) -> Run:
    """Bring one source up to date and publish the result, or change nothing.

    Returns the run's report; a gate that refused is in its `refused`. Raises BusyError when another
    run has the source, and whatever stops the run as a whole; both leave the last release as it was.
    """
    workspace.opened.source(name)
    with locked(workspace.store, f"source-{name}", wait_s=2.0):
        seconds = Seconds()
        run = Ingest(
            workspace=workspace,
            name=name,
            options=options or IngestOptions(),
            run_id=options.run_id if options and options.run_id else workspace.new_run_id(),
            base=releases.current(workspace.store),
            staging=Staging(workspace.store, name),
            seconds=seconds,
        )
        started = workspace.clock()
        try:
            done = _run(run, step)
        except HeadwaterError as problem:
            problem.run_id = run.run_id
            remember_run(run.workspace, failed(run, problem), started)
            raise
        remember_run(run.workspace, done, started)
        return done


def _run(run: Ingest, step: Step) -> Run:
    with run.seconds.spent_on("list"):
        full, retry = run.options.full, run.options.retry
        found = step("list", partial(survey, run.workspace, run.name, run.base, full=full, retry=retry))
    run.notes = found.listing.notes
    try:
        check_shrink(run.workspace, found, allow=run.options.allow_shrink)
        check_redo(run.workspace, found, run.base, allow=run.options.allow_rebuild)
    except RefusedError as refusal:
        return report(run, open_ledger(run.workspace, found, {}), None, refusal=refusal)
    run.planned = _planned(run, found)
    markers = {(m["key"], m["work"]): m["batch"] for m in run.staging.items() if m["source"] == run.name}
    ledger = open_ledger(run.workspace, found, markers)
    built = _work(run, found, ledger, step)
    run.notes += staged_misfits(run.workspace, run.staging)
    counts = ledger.counts(found.changes.listed, len(_removed(found)))
    staged = _staged(run, found, ledger, built)
    difference = differences(staged)
    remember_quarantine(run.workspace, run.name, run.run_id, found, ledger)
    if not difference and run.base is not None:
        remember_items(run.workspace, run.name, found, ledger)
        run.staging.drop()
        return report(run, ledger, counts)
    with run.seconds.spent_on("validate"):
        judged = step("audit", lambda: audit(staged, counts, difference, run.run_id))
    if judged.refusal is not None:
        return report(run, ledger, counts, refusal=judged.refusal, judged=judged)
    return _publish(run, found, staged, difference, counts, judged, step)


def _planned(run: Ingest, found: Survey) -> dict[str, float | None]:
    todo = len(found.changes.fetch) + len(found.changes.redo)
    return (
        {"parsed": todo, "seconds": estimate_s(run.workspace, run.name, parses=todo, texts=None)}
        if todo
        else {}
    )


def _work(run: Ingest, found: Survey, ledger: Ledger, step: Step) -> list[tuple[str, str, str]]:
    """Work on what changed, and build the indexes that no release has."""
    todo = (*found.changes.fetch, *found.changes.redo)
    if todo:
        judging.prepare()
        work(run, found, ledger, todo, step)
    markers: list[tuple[str, str, str]] = []
    for index in unbuilt(run.workspace, run.base):
        base = run.base
        if base is not None:
            survivors = surviving(run.workspace, base, ledger, found)
            label = labeled(run.workspace, found, ledger)
            markers += rebuild(run, base, index, survivors, ledger, label=label)
    if todo or markers:
        run.workspace.give_back()
    return markers


def open_ledger(workspace: Workspace, found: Survey, staged: dict[tuple[str, str], str]) -> Ledger:
    """Return a run's ledger with what the comparison already settled; `staged` is (key, work) to batch."""
    changes = found.changes
    keys = [*changes.fetch, *changes.redo, *changes.meta, *changes.quarantined, *changes.gone]
    ledger = Ledger(
        known=known_items(found.items, found.known, keys),
        staged=staged,
        meta_hash=workspace.opened.source(found.name).meta_hash,
        keep=workspace.opened.project.policy.on_reject == "keep",
        now=found.listed_at,
        retry=found.retry,
    )
    ledger.unchanged |= set(found.changes.unchanged)
    ledger.meta |= set(found.changes.meta)
    ledger.still_quarantined |= set(found.changes.quarantined)
    return ledger


def _staged(run: Ingest, found: Survey, ledger: Ledger, markers: list[tuple[str, str, str]]) -> Staged:
    return Staged(
        workspace=run.workspace,
        base=run.base,
        staging=run.staging,
        valid=Valid(source=run.name, batches=ledger.batches, others=frozenset(markers)),
        ledger=ledger,
        section=run.workspace.opened.source(run.name),
        source=run.name,
        gone=found.changes.gone,
    )


def _publish(
    run: Ingest,
    found: Survey,
    staged: Staged,
    difference: Differences,
    counts: ItemCounts,
    judged: Audit,
    step: Step,
) -> Run:
    with run.seconds.spent_on("publish"):
        try:
            release = step(
                "publish", lambda: publish_staged(staged, difference, run_id=run.run_id, gates=judged.gates)
            )
        except RefusedError as refusal:
            return report(run, staged.ledger, counts, refusal=refusal, judged=judged)
        run.staging.drop()
        remember_items(run.workspace, run.name, found, staged.ledger, release)
    return report(run, staged.ledger, counts, release=release, difference=difference, judged=judged)


def _removed(found: Survey) -> set[str]:
    return set(found.changes.gone) & set(found.known["key"].to_pylist())
