"""Build an index beside the live one while the old one serves: one publish flips to it, a rollback back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flows.ledger import Ledger
from flows.stages.differences import Staged, differences
from flows.stages.estimating import estimate_s
from flows.stages.rebuilding import rebuild, released_rows, unbuilt
from flows.stages.recording import remember_run
from flows.stages.releasing import release_staged
from flows.stages.reporting import ActiveRun, failed
from flows.stages.step import Step, direct
from flows.workspace import Workspace
from infra.store import releases
from infra.store.lock import locked
from infra.store.staging import Staging, Valid
from schemas.errors import ConflictError, HeadwaterError
from schemas.release import Release
from schemas.run import ItemCounts, Run

NAME = "all"
STAGING = "backfill-index"
ATTEMPTS = 5
"""So often may ingest publish while the last missing chunks are built, before somebody should look."""


def build_indexes(
    workspace: Workspace, *, spend: Callable[[int], None] = lambda _: None, step: Step = direct
) -> Run | None:
    """Build the indexes that no release has, from the released documents, and publish them all at once.

    Returns None when there is nothing to build. Killed and called again it goes on where it was. Raises
    BusyError when they are being built already, ConflictError when ingest published too often meanwhile.
    """
    with locked(workspace.store, STAGING, wait_s=2.0):
        started = workspace.clock()
        for attempt in range(1, ATTEMPTS + 1):
            base = releases.current(workspace.store)
            if base is None or not unbuilt(workspace, base):
                return None
            run = ActiveRun(
                workspace=workspace,
                name=NAME,
                run_id=workspace.new_run_id(),
                base=base,
                staging=Staging(workspace.store, STAGING),
            )
            try:
                built = _built(run, spend, step)
            except ConflictError:
                if attempt < ATTEMPTS:
                    continue
                raise
            except HeadwaterError as problem:
                remember_run(workspace, failed(run, problem), started, verb="backfill")
                raise
            remember_run(workspace, built, started, verb="backfill")
            if not built.refused:
                run.staging.drop()
            return built
    return None


def plan_builds(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what `build_indexes` would do: each index, its documents, seconds where earlier runs tell."""
    base = releases.current(workspace.store)
    seconds = _seconds(workspace, base) if base else None
    documents = base.counts.get("documents", 0) if base else 0
    return [
        {"index": index.name, "documents": documents, "seconds": seconds}
        for index in unbuilt(workspace, base)
    ]


def _seconds(workspace: Workspace, base: Release) -> float | None:
    """Estimate one index: as many texts as the released one that has most, at each source's own pace."""
    tables = [base.tables[str(index["table"])] for index in base.indexes.values()]
    if not tables:
        return None
    live = max(tables, key=lambda table: table.rows)
    held = workspace.store.scan(live.name, ["source"], version=live.version)["source"].value_counts()
    found = [estimate_s(workspace, row["values"], parses=0, texts=row["counts"]) for row in held.to_pylist()]
    told = [seconds for seconds in found if seconds is not None]
    return round(sum(told), 1) if told else None


def _built(run: ActiveRun, spend: Callable[[int], None], step: Step) -> Run:
    workspace, base = run.workspace, run.base
    assert base is not None  # noqa: S101 - the caller has looked
    ledger = Ledger(known={}, staged={}, meta_hash="")
    rows = released_rows(workspace, base)
    valid: set[tuple[str, str, str]] = set()
    for index in unbuilt(workspace, base):
        work = partial(rebuild, run, base, index, rows, ledger, spend=spend)
        valid |= set(step(f"build {index.name}", work))
    staged = Staged(
        workspace=workspace,
        base=base,
        staging=run.staging,
        valid=Valid(others=frozenset(valid)),
        ledger=ledger,
        section=next(iter(workspace.opened.project.sources.values())),
        source=NAME,
        gone=(),
    )
    found = differences(staged)
    items = len({(row["source"], row["key"]) for row in rows})
    return release_staged(run, staged, found, ItemCounts(listed=items, changed=items), step=step)
