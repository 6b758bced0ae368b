"""The end of a backfill: what it staged is audited, published if it passes, and reported."""

from __future__ import annotations

from functools import partial

from flows.stages.auditing import audit
from flows.stages.differences import Differences, Staged
from flows.stages.publishing import publish_staged
from flows.stages.reporting import ActiveRun, report
from flows.stages.step import Step, direct
from schemas.errors import RefusedError
from schemas.run import ItemCounts, Run


def release_staged(
    run: ActiveRun, staged: Staged, found: Differences, counts: ItemCounts, *, step: Step = direct
) -> Run:
    """Publish what a backfill staged, unless the audit or a hold refuses it, and return the run's report."""
    run.workspace.give_back()
    with run.seconds.spent_on("validate"):
        judged = audit(staged, counts, found, run.run_id)
    if judged.refusal is not None:
        return report(run, staged.ledger, counts, refusal=judged.refusal, judged=judged)
    publish = partial(publish_staged, staged, found, run_id=run.run_id, gates=judged.gates, kind="backfill")
    with run.seconds.spent_on("publish"):
        try:
            release = step("publish", publish)
        except RefusedError as refusal:
            return report(run, staged.ledger, counts, refusal=refusal, judged=judged)
    return report(run, staged.ledger, counts, release=release, difference=found, judged=judged)
