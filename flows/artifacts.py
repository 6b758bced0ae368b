"""What a flow run leaves in the Prefect UI: its pages, its log once per stage, and a line when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State, StateType
from prefect.logging import get_run_logger

from flows.inspector_links import inspector_url
from flows.lineage_graph import lineage_png
from flows.plots import data_uri, trend_png
from flows.run_reports import run_page
from flows.stages.auditing import Audit
from flows.stages.diffing import ReleaseDiff, diff
from flows.stages.freshness import freshness
from flows.stages.gating import GATE
from flows.workspace import Workspace
from infra.store import releases
from schemas.counts import count
from schemas.errors import HeadwaterError, NotFoundError
from schemas.run import STAGES, Run
from transforms.suites import Verdict
from transforms.validation_report import render_markdown

T = TypeVar("T")
Step = Callable[[str, Callable[[], Any]], Any]
SHOWN_S = 0.005
"""A stage that took less was not needed."""
TREND = 60
"""Releases that the trend goes back."""


class Watched:
    """Runs stages by another step, and keeps what the audit said of each suite."""

    def __init__(self, step: Step) -> None:
        logging.getLogger("prefect.task_runs").addFilter(without_traceback)
        self._step = step
        self.verdicts: tuple[Verdict, ...] = ()

    def __call__(self, name: str, stage: Callable[[], T]) -> T:
        """Run one stage."""
        made: T = self._step(name, stage)
        if isinstance(made, Audit):
            self.verdicts = made.verdicts
        return made


def without_traceback(record: logging.LogRecord) -> bool:
    """Take the traceback out of the log of an error that itself says what, what is left and what to do."""
    if record.exc_info and isinstance(record.exc_info[1], HeadwaterError):
        record.exc_info = record.exc_text = None
    return True


def leave_pages(workspace: Workspace, run: Run, verdicts: tuple[Verdict, ...]) -> None:
    """Leave the pages of an ingest: what changed, what was expected; of a release lineage and trend too."""
    base = inspector_url(workspace)
    mine = (
        [] if run.state == "unchanged" else freshness(workspace)
    )  # most runs find nothing, and cost nothing
    fresh = next((one for one in mine if one.source == run.source), None)
    page = run_page(run, _difference(workspace, run), fresh, base)
    _page(f"ingest-{run.source}", page, f"What changed in {run.source}")
    if verdicts:
        told = f"What was expected of what {run.source} staged"
        _page(f"validation-{run.source}", render_markdown(verdicts), told)
    if run.published:
        drawn = data_uri(lineage_png(workspace.opened.project, releases.current(workspace.store), mine))
        _page(
            "lineage", f"# Lineage\n\n![From sources to contexts and datasets]({drawn})\n", "What feeds what"
        )
        _trend(workspace)


def tell_log(run: Run) -> None:
    """Write a line per stage into the run's log, and one that says how it ended."""
    log = get_run_logger()
    did = {
        "list": count(run.items.listed, "item"),
        "parse": f"{run.parsed} parsed",
        "publish": f"release {run.release}",
    }
    did["embed"] = f"{run.embedded} embedded, {run.from_cache} from the cache"
    for stage in STAGES:
        if run.seconds.get(stage, 0.0) >= SHOWN_S:
            log.info("%-9s %7.2f s  %s", stage, run.seconds[stage], did.get(stage, ""))
    if run.refused:
        log.error("%s: %s", run.state, one_line(run.refused))
        return
    items = run.items
    log.info(
        "%s: %s; %d added, %d changed, %d removed, %d unchanged, %d in quarantine",
        *(run.source, f"release {run.release}" if run.published else run.state),
        *(items.added, items.changed, items.removed, items.unchanged, items.quarantined),
    )


def one_line(told: dict[str, str]) -> str:
    """Return a refusal or an error in a line: what and which, what is left, what to do."""
    parts = (told["detail"], f"state: {told['state']}", f"to do: {told['fix']}" if told["fix"] else "")
    return " | ".join(part for part in parts if part)


def failed(name: str, problem: HeadwaterError) -> State[Any]:
    """Leave a page and a log line of what ended a run, and return the state of a run that failed by it."""
    told = problem.as_dict()
    get_run_logger().error("%s failed: %s", name, one_line(told))
    lines = [f"# {name}: failed", f"**{told['detail']}**", f"*State:* {told['state']}"]
    lines += [f"*To do:* {told['fix']}"] if told["fix"] else []
    _page(f"ingest-{name}", "\n\n".join(lines), f"What ended the run of {name}")
    return State(type=StateType.FAILED, name="Failed", message=one_line(told), data=problem)


def _page(key: str, markdown: str, description: str) -> None:
    create_markdown_artifact(key=key, markdown=markdown, description=description)


def _difference(workspace: Workspace, run: Run) -> ReleaseDiff | None:
    if not run.published or run.release is None:
        return None
    try:
        made = releases.get(workspace.store, run.release)
        before = releases.get(workspace.store, made.parent) if made.parent else None
    except NotFoundError:
        return None
    return diff(workspace.store, before, made) if before else None


def _trend(workspace: Workspace) -> None:
    """Leave how well known questions were answered, release by release, where a gate asks them."""
    told = [(one.release, one.gates[GATE]) for one in releases.releases(workspace.store) if GATE in one.gates]
    points = [(release, gate["value"], gate["min"]) for release, gate in told if gate["value"] is not None]
    if not points:
        return
    metric = told[-1][1]["metric"]
    picture = data_uri(trend_png(points[-TREND:], metric))
    last = points[-1]
    line = f"**{metric} {last[1]:.3f}** at release {last[0]}, at least {last[2]:g} wanted."
    _page(
        "retrieval", f"# Retrieval\n\n{line}\n\n![{metric} by release]({picture})\n", "Retrieval by release"
    )
