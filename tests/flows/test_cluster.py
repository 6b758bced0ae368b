"""Several machines: workers of a Dask cluster do what one machine does, and one that dies changes nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster, SchedulerPlugin

from flows import cluster
from flows.stages import working
from flows.stages.ingesting import ingest_source
from infra.project_file import open_project
from schemas.errors import ConfigError, UnavailableError
from schemas.tools import Embedder
from tests.flows.deploying import NOTES, OnServer
from tests.flows.projects import NO_TEXT, ROWS, Project, page, tickets
from tests.oracle import differences, published
from tests.s3 import new_store

WORKERS = 2


@pytest.fixture(scope="module")
def workers(model_cache: Path) -> Iterator[LocalCluster]:  # noqa: ARG001 - where the workers look for the model
    """Two processes, each under a nanny that starts it again when it dies."""
    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def spread_out(
    tmp_path: Path,
    embedders: dict[str, Embedder],
    object_storage: dict[str, str],
    workers: LocalCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    """A project of two kinds of files, some of them bad, whose store and runner are elsewhere."""
    monkeypatch.setattr(working, "PART_ITEMS", 8)
    project = Project(root=tmp_path / "project", embedders=embedders)
    project.settings["store"] = new_store(object_storage)
    project.settings["runner"] = {"type": "dask", "address": workers.scheduler_address}
    project.source("docs", **ROWS)
    project.pages(40)
    project.write("tickets.csv", tickets({3: ""}))
    project.write("bad.md", NO_TEXT)
    return project


def same_as_on_one_machine(project: Project) -> bool:
    """Hold a project's release and quarantine to those that one machine makes of the same folder."""
    theirs, log = published(project.open()), project.quarantined()
    project.settings |= {"store": {"uri": "twin"}, "runner": "threads"}
    project.ingest()
    assert differences(theirs, published(project.open())) == []
    assert log == project.quarantined()
    return True


def test_what_several_machines_make_is_what_one_makes(spread_out: Project) -> None:
    first = spread_out.ingest().run
    assert (first.items.listed, first.items.quarantined, first.parsed) == (42, 1, 42)
    assert spread_out.ingest().run.state == "unchanged"
    spread_out.write("p07.md", page(7, costs=5))
    (spread_out.root / "docs" / "p09.md").unlink()
    second = spread_out.ingest().run
    assert (second.items.changed, second.items.removed, second.parsed, second.embedded) == (1, 1, 1, 1)

    assert same_as_on_one_machine(spread_out)


@pytest.mark.gate
@pytest.mark.parametrize("deaths", [1, 3])
def test_a_worker_that_is_killed_midway_changes_nothing(
    spread_out: Project, workers: LocalCluster, deaths: int
) -> None:
    class Killing:
        killed = 0

        def advance(self, what: str, done: int, total: int) -> None:
            if self.killed < deaths and 0 < done < total and what == "docs":
                self.killed += 1
                os.kill(next(iter(workers.workers.values())).pid, signal.SIGKILL)

    workspace = spread_out.open()
    workspace.progress = Killing()
    run = ingest_source(workspace, "docs")

    assert workspace.progress.killed == deaths
    assert (run.state, run.items.added, run.items.quarantined) == ("published", 41, 1)
    assert same_as_on_one_machine(spread_out)


class PartsDone(SchedulerPlugin):
    """Counts the parts that the cluster has done."""

    keys = 0

    def transition(self, key: Any, _start: Any, finish: Any, *_: Any, **__: Any) -> None:
        self.keys += finish == "memory" and str(key).startswith("work_on")


@pytest.mark.usefixtures("worker")
def test_a_flow_run_hands_its_parts_to_the_cluster_and_publishes_what_comes_back(
    tmp_path: Path, prefect_api: dict[str, str], workers: LocalCluster
) -> None:
    settings = {"project": "spread", "sources": {"notes": NOTES}}
    settings["runner"] = {"type": "dask", "address": workers.scheduler_address}
    project = OnServer(root=tmp_path, env=prefect_api, settings=settings)
    for n in range(4):
        project.write(f"notes/p{n}.md", page(n))
    (tmp_path / "notes" / "bad.md").write_bytes(NO_TEXT)
    project.headwater("deploy")
    done = PartsDone()
    workers.scheduler.add_plugin(done)

    run = project.ended(project.run("ingest/spread-notes"))

    assert (run["state_type"], run["name"]) == ("COMPLETED", "ingest-notes")
    assert done.keys == 1
    assert "**4** added . **0** changed . **0** removed . 0 unchanged . **1 in quarantine**" in (
        project.artifact("ingest-notes")
    )


def test_workers_elsewhere_need_a_store_that_they_can_reach(tmp_path: Path) -> None:
    cluster.check_reachable("s3://bucket/store", "tcp://scheduler:8786")
    cluster.check_reachable(str(tmp_path), "tcp://127.0.0.1:8786")
    with pytest.raises(ConfigError, match=r"on a local disk.*s3://bucket/prefix"):
        cluster.check_reachable(str(tmp_path), "tcp://scheduler:8786")


def test_a_scheduler_that_does_not_answer_and_a_missing_extra_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 1)
    with pytest.raises(UnavailableError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(cluster.spread("tcp://127.0.0.1:9", str, [1]))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"not installed.*\.\[dask\]"):
        list(cluster.spread("tcp://127.0.0.1:9", str, [1]))


@pytest.mark.parametrize("given", ["dask", {"type": "dask"}, {"address": "tcp://x:1"}, "ray"])
def test_a_runner_that_cannot_be_is_a_mistake_in_the_project_file(project: Project, given: Any) -> None:
    project.settings["runner"] = given
    with pytest.raises(ConfigError, match=r"line \d+: runner"):
        project.open()


def test_threads_may_be_written_as_a_word(project: Project) -> None:
    project.settings["runner"] = "threads"
    assert open_project(project.open().opened.path).project.runner.address is None
