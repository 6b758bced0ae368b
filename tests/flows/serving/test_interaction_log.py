"""The log takes what was served at once, loses nothing in silence, and forgets what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.serving.interaction_log import BATCH, TRIES, InteractionLog
from flows.serving.metrics import Metrics
from flows.stages.interactions import Interaction, log_served
from flows.stages.maintaining import maintain
from infra.store import Store
from infra.store.interactions import TIDY_COMMITS, append_feedback, feedback, interactions
from schemas.context import Context, ContextRequest, Tokens
from tests.flows.projects import Project


def served(n: int, at: datetime | None = None) -> Interaction:
    found = Context(
        context_id=str(n), digest="d", release=1, context_view="default", question="why?", answerable=False,
        messages=(), citations=(), tokens=Tokens(used=1, budget=64), dropped=(),
    )  # fmt: skip
    return Interaction(
        request=ContextRequest(question="why?"), context=found, interface="context",
        asked_at=at or datetime.now(UTC), latency_ms=1.0,
    )  # fmt: skip


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"headwater_{name}", labels) or 0.0


def test_what_it_cannot_take_it_counts_and_the_rest_is_written() -> None:
    written: list[str] = []
    metrics = Metrics()

    def write(batch: Sequence[Interaction]) -> None:
        written.extend(one.context.context_id for one in batch)

    log = InteractionLog(write, metrics, pending=BATCH * 2)
    for n in range(BATCH * 3):
        log.add(served(n))
    assert log.find("7") is not None
    assert value(metrics, "interactions_pending") == BATCH * 2
    log.start()
    log.stop()

    assert written == [str(n) for n in range(BATCH * 2)]
    assert value(metrics, "interactions_dropped_total", why="full") == BATCH
    assert value(metrics, "interactions_logged_total") == BATCH * 2


def test_a_write_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.serving.interaction_log.PAUSE_S", 0.01)
    metrics, tries = Metrics(), [0]

    def write(_batch: Sequence[Interaction]) -> None:
        tries[0] += 1
        if tries[0] < TRIES:
            raise OSError("the disk is full")

    log = InteractionLog(write, metrics)
    log.add(served(0))
    log.start()
    log.stop()

    assert value(metrics, "interactions_logged_total") == 1
    assert value(metrics, "interactions_dropped_total", why="failed") == 0


def test_an_entry_that_cannot_be_written_is_counted_and_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flows.serving.interaction_log.PAUSE_S", 0.01)
    metrics = Metrics()

    def write(batch: Sequence[Interaction]) -> None:
        if "1" in {one.context.context_id for one in batch}:
            raise ValueError("it is of no use")

    log = InteractionLog(write, metrics)
    for n in range(3):
        log.add(served(n))
    log.start()
    log.stop()

    assert value(metrics, "interactions_logged_total") == 2
    assert value(metrics, "interactions_dropped_total", why="failed") == 1


def test_many_small_commits_stay_few_files_and_lose_no_row(tmp_path: Path) -> None:
    store, now = Store(tmp_path / "store"), datetime.now(UTC)
    said = {"context_id": "c", "kind": "like", "expert": False, "at": now}
    for n in range(TIDY_COMMITS + 20):
        append_feedback(store, [said | {"feedback_id": str(n)}])

    files = list((tmp_path / "store" / "feedback.lance" / "data").iterdir())
    fragments: Any = store.open("feedback").to_lance().stats.dataset_stats()["num_fragments"]
    assert fragments < 40
    assert len(files) >= fragments
    assert sorted(feedback(store)["feedback_id"].to_pylist(), key=int) == [
        str(n) for n in range(TIDY_COMMITS + 20)
    ]


def test_maintenance_forgets_what_is_older_than_the_project_keeps_it(project: Project) -> None:
    project.settings["policy"] = {"logs": {"interactions": "30d", "feedback": "90d"}}
    project.pages(1)
    project.ingest()
    workspace, now = project.open(), datetime.now(UTC)
    log_served(workspace, [served(n, now - timedelta(days=days)) for n, days in enumerate((1, 29, 31, 400))])
    said = {"feedback_id": "f", "context_id": "c", "kind": "like", "expert": False}
    append_feedback(workspace.store, [said | {"at": now - timedelta(days=days)} for days in (1, 60, 91)])
    done = maintain(workspace)

    assert done.logs_deleted == {"interactions": 2, "feedback": 1}
    assert sorted(interactions(project.store)["context_id"].to_pylist()) == ["0", "1"]
    assert len(feedback(project.store)) == 2
