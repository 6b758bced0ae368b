"""What maintenance promises: the same content in less room, and nobody at work notices."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from flows.stages.contexts import context
from flows.stages.ingesting import ingest_source
from flows.stages.maintaining import Maintenance, maintain
from infra.store import releases
from infra.store.connection import Store
from infra.store.naming import give_name
from infra.store.reports import FOLDER, KEPT
from infra.store.rollback import rollback
from infra.store.size import bytes_on_disk
from infra.store.verify import verify
from schemas.context import ContextRequest
from schemas.errors import NotFoundError, OnHoldError
from schemas.tools import Embedder
from tests.flows.breaking import DiedError, is_whole
from tests.flows.projects import Project, page

T = TypeVar("T")
SHORT = {"all": "1s", "hourly": "2s", "daily": "3s", "reader_grace": "0s"}
"""Everything but the newest release is old after three seconds."""
LATER = timedelta(days=1)
RECORD_BYTES = 1_000 * 1_000 + KEPT * 10_000
"""Of a thousand runs: at most 1 kB each, and 10 kB for each validation page that is kept."""


def maintained(project: Project, *, later: timedelta = LATER) -> Maintenance:
    workspace = project.open()
    workspace.clock = lambda: datetime.now(UTC) + later
    return maintain(workspace)


def increments(project: Project, count: int) -> None:
    workspace = project.open()
    for n in range(count):
        project.write(f"p{n % 12:02}.md", page(n % 12, costs=1_000 + n))
        assert ingest_source(workspace, "docs").published


def unindexed(project: Project) -> int:
    release = project.release()
    assert release is not None
    table = project.store.open(release.indexes["default"]["table"])
    stats = [table.index_stats(index.name) for index in table.list_indices()]
    return sum(one.num_unindexed_rows for one in stats if one is not None)


def data_bytes(store: Store) -> int:
    """Return what a store takes without its record of runs, which grows with runs and not with rows."""
    record = [*Path(store.uri, "runs.lance").rglob("*"), *Path(store.uri, FOLDER).rglob("*")]
    return bytes_on_disk(store) - sum(file.stat().st_size for file in record if file.is_file())


def fresh_bytes(project: Project, folder: Path) -> int:
    """Return what the data takes in a store that was built from a project's documents at once."""
    fresh = replace(project, root=folder / "fresh")
    for file in (project.root / "docs").iterdir():
        fresh.write(file.name, file.read_bytes())
    fresh.ingest()
    return data_bytes(fresh.store)


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Path:
    """A folder with a project of twelve pages and fifteen small releases, and a copy of it as it was made."""
    home = tmp_path_factory.mktemp("worn")
    project = Project(root=home / "project", embedders=embedders)
    project.pages(12)
    project.ingest()
    increments(project, 14)
    shutil.copytree(project.root, home / "as-it-was")
    return home


@pytest.fixture
def busy(worn: Path, embedders: dict[str, Embedder], parses: Callable[[], int]) -> Project:
    """The project as it was made; the copy goes back to where it was made, for the URIs it holds."""
    shutil.rmtree(worn / "project")
    shutil.copytree(worn / "as-it-was", worn / "project")
    return Project(
        root=worn / "project", embedders=embedders, parses=parses, settings={"policy": {"keep": SHORT}}
    )


def test_many_small_releases_become_few_files_of_the_same_content(busy: Project) -> None:
    before = bytes_on_disk(busy.store)

    done = maintained(busy)

    assert done.release == 16
    assert len(done.expired) == 14
    assert is_whole(busy)
    assert unindexed(busy) == 0
    assert done.bytes_after < before
    newest = busy.release()
    assert newest is not None
    assert verify(busy.store, newest) == []


@pytest.mark.gate
@pytest.mark.timeout(3_000)
def test_after_a_thousand_increments_disk_is_at_most_three_times_a_fresh_build(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.settings["policy"] = {"keep": SHORT}
    project.pages(12)
    project.ingest()
    increments(project, 1_000)
    maintained(project)

    done = maintained(project)

    data = data_bytes(project.store)
    assert data <= 3 * fresh_bytes(project, tmp_path_factory.mktemp("fresh"))
    assert done.bytes_after - data <= RECORD_BYTES
    assert unindexed(project) == 0
    assert is_whole(project)


def test_a_few_increments_leave_at_most_three_times_a_fresh_build(busy: Project, tmp_path: Path) -> None:
    maintained(busy)
    maintained(busy)

    assert data_bytes(busy.store) <= 3 * fresh_bytes(busy, tmp_path)


def test_maintained_again_there_is_nothing_left_to_do(busy: Project) -> None:
    maintained(busy)

    again = maintained(busy)

    assert (again.release, again.compacted) == (None, [])


def test_a_run_after_maintenance_pays_for_nothing(busy: Project) -> None:
    maintained(busy)

    idle = busy.ingest()

    assert (idle.run.state, idle.parses, idle.embeddings) == ("unchanged", 0, 0)


def test_only_embeddings_that_no_release_has_are_forgotten(busy: Project) -> None:
    busy.settings["policy"] = {"keep": {**SHORT, "reader_grace": "1h"}}
    assert maintained(busy).embeddings_collected == 0  # an expired release is still there for its readers

    assert maintained(busy, later=2 * LATER).embeddings_collected == 14
    assert busy.ingest().run.state == "unchanged"


def test_named_and_cited_releases_are_kept_and_still_answer(busy: Project) -> None:
    give_name(busy.store, 3, "golden")
    before = busy.ask("What does station 3 measure?", release=3)

    maintained(busy)
    maintained(busy)

    assert [r.release for r in releases.releases(busy.store)] == [3, 16]
    after = busy.ask("What does station 3 measure?", release=3)
    assert after.digest == before.digest
    with pytest.raises(NotFoundError, match="there is no release 5"):
        busy.ask("What does station 3 measure?", release=5)


def test_a_reader_of_an_expired_release_finishes_within_its_grace(busy: Project) -> None:
    busy.settings["policy"] = {"keep": {**SHORT, "reader_grace": "1h"}}
    workspace = busy.open()
    request = ContextRequest(question="What does station 3 measure?", release=5)
    release = releases.get(workspace.store, 5)
    table = release.indexes["default"]["table"]
    reader = workspace.store.open(table, version=release.tables[table].version)
    before = context(workspace, request).digest

    maintained(busy, later=timedelta(seconds=10))
    maintained(busy, later=timedelta(seconds=20))

    assert reader.count_rows() == reader.search().limit(None).to_arrow().num_rows
    assert before
    with pytest.raises(NotFoundError):
        context(busy.open(), request)


def test_a_store_on_hold_stays_on_hold(busy: Project) -> None:
    rollback(busy.store, 14, now=datetime.now(UTC))

    maintained(busy, later=timedelta())

    newest = busy.release()
    assert newest is not None
    assert newest.state == "hold"
    busy.write("p01.md", page(1, costs=5))
    refused = busy.ingest().run.refused
    assert refused is not None
    assert refused["code"] == OnHoldError.code


@pytest.mark.parametrize("stage", ["compact released tables", "collect embeddings", "compact logs"])
def test_maintenance_that_died_leaves_a_store_that_publishes(busy: Project, stage: str) -> None:
    def dying(name: str, work: Callable[[], T]) -> T:
        done = work()
        if name == stage:
            raise DiedError(name)
        return done

    workspace = busy.open()
    workspace.clock = lambda: datetime.now(UTC) + LATER
    with pytest.raises(DiedError):
        maintain(workspace, step=dying)

    busy.write("p01.md", page(1, costs=5))
    assert busy.ingest().run.state == "published"
    assert is_whole(busy)


def test_no_writer_fails_while_the_store_is_maintained_again_and_again(busy: Project) -> None:
    busy.settings["policy"] = {"keep": {**SHORT, "reader_grace": "1h"}}
    workspace, stop, problems = busy.open(), threading.Event(), list[BaseException]()

    def keep_maintaining() -> None:
        try:
            while not stop.is_set():
                maintain(workspace)
        except BaseException as problem:  # noqa: BLE001 - told to the test
            problems.append(problem)

    maintainer = threading.Thread(target=keep_maintaining)
    maintainer.start()
    try:
        for n in range(4):
            busy.write(f"p{n:02}.md", page(n, costs=9_000 + n))
            assert ingest_source(busy.open(), "docs").state == "published"
    finally:
        stop.set()
        maintainer.join()

    assert problems == []
    assert is_whole(busy)
