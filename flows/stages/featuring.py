"""Ingest of a feature: read, compare, audit, publish; as sources are, in one release of its own."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import Any

import pyarrow as pa

from flows.stages.ingesting import IngestOptions, ingest_source
from flows.stages.listing import SMALL
from flows.stages.reading import FeatureRun, Taken, conflicting_row, log_rejected, read
from flows.stages.recording import remember_run
from flows.stages.step import Step, direct
from flows.stages.telling import told
from flows.workspace import Workspace
from infra.store import features, releases
from infra.store.feature_staging import FeatureStaging
from infra.store.filters import is_in
from infra.store.lock import locked
from infra.store.publish import Publication, TableChange, publish
from infra.store.table_files import bytes_added
from schemas.counts import count
from schemas.document import DOCUMENT
from schemas.errors import HeadwaterError, RefusedError
from schemas.feature import feature_table
from schemas.quarantine import Reason
from schemas.release import Release
from schemas.run import ChunkCounts, ItemCounts, Run
from transforms.entity_changes import RELEASED, EntityChanges, compare_rows

LOOKUP_KEYS = 1_000
LOOKED_UP = 5_000
"""Up to so many rows read, the released ones are looked up by id; above, all ids are read."""


def ingest_one(
    workspace: Workspace, name: str, options: IngestOptions | None = None, *, step: Step = direct
) -> Run:
    """Bring a source or a feature up to date, whichever has the name."""
    ingest = ingest_feature if name in workspace.opened.project.features else ingest_source
    return told(workspace, name, partial(ingest, workspace, name, options, step=step))


def ingest_feature(
    workspace: Workspace, name: str, options: IngestOptions | None = None, *, step: Step = direct
) -> Run:
    """Bring one feature up to date and publish the result, or change nothing.

    Returns the run's report; a gate that refused is in its `refused`. Raises BusyError when another run
    has the feature, and whatever stops the run as a whole; both leave the last release as it was.
    """
    section, given = workspace.opened.feature(name), options or IngestOptions()
    with locked(workspace.store, f"source-{name}", wait_s=2.0):
        run = FeatureRun(
            workspace=workspace,
            name=name,
            section=section,
            run_id=workspace.new_run_id(),
            base=releases.current(workspace.store),
            staging=FeatureStaging(workspace.store, name),
            full=given.full,
            rebuild=given.allow_rebuild,
            started_at=workspace.clock(),
        )
        try:
            done = _run(run, given, step)
        except HeadwaterError as problem:
            problem.run_id = run.run_id
            remember_run(workspace, _report(run, "failed", refused=problem), run.started_at)
            raise
        remember_run(workspace, done, run.started_at)
        return done


def _run(run: FeatureRun, options: IngestOptions, step: Step) -> Run:
    try:
        with run.seconds.spent_on("list"):
            taken = step("list", lambda: read(run))
        with run.seconds.spent_on("validate"):
            found, removed = step("audit", lambda: _compared(run, taken))
            counts, reasons = _counts(taken, found, removed)
            log_rejected(run, taken.rejected)
            gates = _audit(run, options, counts, reasons, removed, whole=taken.whole)
    except RefusedError as refusal:
        run.staging.drop()
        return _report(run, "refused", refused=refusal)
    told: dict[str, Any] = {"items": counts, "reasons": reasons, "gates": gates}
    if not found and not removed.num_rows and not taken.anew:
        run.staging.drop()
        return _report(run, "unchanged", bytes_written=taken.bytes_staged, **told)
    with run.seconds.spent_on("publish"):
        try:
            release = step("publish", lambda: _publish(run, taken, found, removed, gates))
        except RefusedError as refusal:
            return _report(run, "refused", refused=refusal, **told)
        run.staging.drop()
    written = taken.bytes_staged + bytes_added(run.workspace.store, run.base, release)
    return _report(run, "published", release=release, bytes_written=written, **told)


def _compared(run: FeatureRun, taken: Taken) -> tuple[EntityChanges, pa.Table]:
    """Return what changed, and the released rows that are gone.

    By a cursor a place may show each entity's newest row alone: then the older ones stay, and only those of
    entities that are gone altogether are removed.
    """
    staged = run.staging.keys(frozenset(taken.batches))
    found = compare_rows(staged, _released(run, staged, whole=taken.whole))
    taken.rejected += [conflicting_row(run, row) for row in found.conflicting.to_pylist()]
    if taken.anew and run.released:
        return found, found.absent  # rows under the old columns cannot stay
    if not taken.whole or not found.absent.num_rows:
        return found, found.absent.slice(0, 0)
    keep = run.workspace.opened.project.policy.on_reject == "keep"
    held = {row["document_id"] for row in taken.rejected} if keep else set()
    there = set(staged["entity"].to_pylist()) if run.section.cursor else set()
    there |= {row["key"] for row in taken.rejected} if run.section.cursor and keep else set()
    rows = found.absent.to_pylist()
    gone = [row["row_id"] not in held and row["entity"] not in there for row in rows]
    return found, found.absent.filter(pa.array(gone, pa.bool_()))


def _released(run: FeatureRun, staged: pa.Table, *, whole: bool) -> pa.Table:
    """Return the released rows to compare with: all of them, or those that were read again."""
    if not run.released or (not whole and not staged.num_rows):
        return RELEASED.empty_table()
    if whole or staged.num_rows > LOOKED_UP:
        return run.scan(RELEASED.names)
    ids = sorted(set(staged["row_id"].to_pylist()))
    parts = [ids[at : at + LOOKUP_KEYS] for at in range(0, len(ids), LOOKUP_KEYS)]
    return pa.concat_tables([run.scan(RELEASED.names, is_in("row_id", part)) for part in parts])


def _counts(taken: Taken, found: EntityChanges, removed: pa.Table) -> tuple[ItemCounts, dict[str, int]]:
    """Count rows; one that repeats another of its reading is unchanged."""
    conflicting = str(Reason.CONFLICTING_FACTS)
    reasons = Counter(row["reason"] for row in taken.rejected if row["reason"] != conflicting)
    reasons[conflicting] = found.rows["conflicting"]
    bad = sum(reasons.values())
    added, changed = found.added.num_rows, found.updated.num_rows
    read = sum(rows for side, rows in found.rows.items() if side != "absent")
    return ItemCounts(
        listed=read + bad - reasons[conflicting],
        added=added,
        changed=changed,
        removed=removed.num_rows,
        unchanged=read - added - changed - reasons[conflicting],
        quarantined=bad,
    ), {reason: count for reason, count in sorted(reasons.items()) if count}


def _audit(
    run: FeatureRun,
    options: IngestOptions,
    counts: ItemCounts,
    reasons: dict[str, int],
    removed: pa.Table,
    *,
    whole: bool,
) -> dict[str, Any]:
    """Raise RefusedError for a reading that lost much of the feature, or of which too many rows are bad."""
    policy, live = run.workspace.opened.project.policy, _live(run)
    gone = removed.num_rows
    emptied = whole and live > 0 and counts.listed == 0
    if not options.allow_shrink and (emptied or gone > max(SMALL, policy.max_shrink_share * live)):
        raise RefusedError(
            f"feature {run.name!r} has {count(counts.listed, 'row')} now; {gone or live} of {live} would be "
            f"removed, more than max_shrink_share {policy.max_shrink_share:g}",
            fix="check that its place is whole, then run again with --allow-shrink",
        )
    if counts.quarantined > max(policy.min_rejected, policy.max_rejected_share * counts.listed):
        told = ", ".join(f"{n} {reason}" for reason, n in reasons.items())
        raise RefusedError(
            f"feature {run.name!r} was not published: {counts.quarantined} of {count(counts.listed, 'row')} "
            f"in quarantine ({told}), more than max_rejected_share {policy.max_rejected_share:g}",
            fix=f"see `headwater quarantine list --source {run.name}`; mend the rows or raise the policy",
            state="the last release goes on serving",
        )
    share = counts.quarantined / counts.listed if counts.listed else 0.0
    return {"rejected_share": {"value": round(share, 4), "limit": policy.max_rejected_share}}


def _publish(
    run: FeatureRun, taken: Taken, found: EntityChanges, removed: pa.Table, gates: dict[str, Any]
) -> Release:
    workspace, schema = run.workspace, feature_table(taken.values)
    changed = [found.added, found.updated, *([found.same] if taken.anew else [])]
    rows = pa.concat_tables(changed)
    state = {"definition": run.section.definition, "cursor": taken.cursor}
    changes = {
        run.table: TableChange(
            key="row_id",
            schema=schema,
            upserts=lambda: run.staging.numbered(rows["n"], schema),
            deletes=() if taken.anew else tuple(removed["row_id"].to_pylist()),
            growth=rows.num_rows if taken.anew else found.added.num_rows - removed.num_rows,
            anew=taken.anew,
        )
    }
    if run.base is None or "documents" not in run.base.tables:
        changes["documents"] = TableChange(key="document_id", schema=DOCUMENT)
    release = publish(
        workspace.store,
        Publication(
            changes=changes,
            indexes=None,
            kind="ingest",
            created_at=workspace.clock(),
            config_hash=workspace.opened.config_hash,
            run_id=run.run_id,
            gates=gates,
            cursors={run.name: json.dumps(state, sort_keys=True)},
            note=f"ingest {run.name}",
            base=run.base.release if run.base else None,
        ),
    )
    features.lift(workspace.store, run.name, rows["entity"])
    return release


def _live(run: FeatureRun) -> int:
    return run.base.tables[run.table].rows if run.base and run.released else 0


def _report(
    run: FeatureRun,
    state: str,
    *,
    release: Release | None = None,
    refused: HeadwaterError | None = None,
    items: ItemCounts | None = None,
    **told: Any,
) -> Run:
    now = release or run.base
    return Run(
        run_id=run.run_id,
        source=run.name,
        state=state,
        release=now.release if now else None,
        published=release is not None,
        items=items or ItemCounts(),
        chunks=ChunkCounts(),
        seconds=run.seconds.as_dict(),
        refused=refused.as_dict() if refused else None,
        **told,
    )
