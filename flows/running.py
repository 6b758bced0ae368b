"""With or without Prefect: a flow run when its API answers, else the same stages called plainly."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from flows.stages.backfills import backfill_project
from flows.stages.evaluating import evaluate
from flows.stages.featuring import ingest_one
from flows.stages.freshness import freshness
from flows.stages.ingesting import IngestOptions
from flows.stages.maintaining import Maintenance, maintain
from flows.stages.many_contexts import ManyContexts, write_contexts
from flows.workspace import Workspace
from infra.requests import read_requests
from schemas.backfill import BackfillOptions
from schemas.evaluation import Comparison, EvaluateOptions
from schemas.freshness import Freshness
from schemas.run import Run

ANSWER_S = 2.0


def prefect_answers() -> bool:
    """Tell whether a Prefect API answers at PREFECT_API_URL; without the variable nothing is asked."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return False
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/health", timeout=ANSWER_S) as answer:  # noqa: S310 - the operator's own URL
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def run_ingest(workspace: Workspace, name: str, options: IngestOptions) -> Run:
    """Ingest one source or feature: as a Prefect flow run where Prefect is, else plainly, with one result."""
    if not prefect_answers():
        return ingest_one(workspace, name, options)
    from flows.ingest import ingest_in_workspace

    return ingest_in_workspace(workspace, name, options)


def run_evaluate(workspace: Workspace, options: EvaluateOptions) -> Comparison:
    """Evaluate a release: as a Prefect flow run where Prefect is, else plainly; the figures are the same."""
    if not prefect_answers():
        return evaluate(workspace, options)
    from flows.evaluate import evaluate_in_workspace

    return evaluate_in_workspace(workspace, options)


def run_freshness(workspace: Workspace) -> list[Freshness]:
    """Judge how fresh each source is: as a Prefect flow run where Prefect is, else plainly."""
    if not prefect_answers():
        return freshness(workspace)
    from flows.freshness import freshness_in_workspace

    return freshness_in_workspace(workspace)


def run_maintain(workspace: Workspace) -> Maintenance:
    """Maintain the store: as a Prefect flow run where Prefect is, else plainly."""
    if not prefect_answers():
        return maintain(workspace)
    from flows.maintain import maintain_in_workspace

    return maintain_in_workspace(workspace)


def run_backfill(workspace: Workspace, sources: list[str] | None, options: BackfillOptions) -> list[Run]:
    """Backfill sources, or all of them: as Prefect flow runs where Prefect is, else plainly."""
    if not prefect_answers():
        return backfill_project(workspace, sources, options)
    from flows.backfill import backfill_in_workspace

    return backfill_in_workspace(workspace, sources, options)


def run_contexts(
    workspace: Workspace, requests: Path, out: Path, *, release: int | None, workers: int
) -> ManyContexts:
    """Assemble a file of contexts: as a Prefect flow run where Prefect is, else plainly."""
    if not prefect_answers():
        asked = list(read_requests(requests))
        return write_contexts(workspace, asked, out, release=release, workers=workers)
    from flows.contexts import contexts_in_workspace

    return contexts_in_workspace(workspace, requests, out, release=release, workers=workers)
