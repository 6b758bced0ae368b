"""A store on object storage is the same store: what is ingested, asked, rolled back and maintained there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from flows.stages.ingesting import ingest_source
from flows.stages.maintaining import maintain
from flows.workspace import Workspace
from infra.doctor import object_locks
from infra.store import releases, search_index
from infra.store.heal import STAGING
from infra.store.reports import FOLDER, collect_reports
from infra.store.rollback import resume, rollback
from infra.store.size import bytes_on_disk
from infra.store.upgrade import upgrade
from infra.store.verify import verify
from schemas.tools import Embedder
from tests.flows.projects import Project, page
from tests.oracle import differences, published, rebuilt
from tests.s3 import new_store


@pytest.fixture
def project(tmp_path: Path, embedders: dict[str, Embedder], object_storage: dict[str, str]) -> Project:
    settings = {"store": new_store(object_storage)}
    return Project(root=tmp_path / "project", embedders=embedders, settings=settings)


def same(project: Project) -> bool:
    workspace = project.open()
    assert differences(published(workspace), rebuilt(workspace, "docs")) == []
    return True


def test_a_store_on_object_storage_lives_as_a_local_one_does(project: Project) -> None:
    assert (project.store.exists(), project.store.names()) == (False, [])
    project.pages(8)
    first = project.ingest().run
    assert (first.release, first.items.added) == (1, 8)
    assert first.bytes_written > 0
    assert project.ingest().run.state == "unchanged"

    project.write("p03.md", "# Station 3\n\nThe new sluice opens at dawn.\n")
    (project.root / "docs" / "p05.md").unlink()
    paid = project.ingest()
    assert (paid.run.items.changed, paid.run.items.removed, paid.embeddings) == (1, 1, 1)
    assert "sluice opens at dawn" in project.ask("When does the new sluice open?").citations[0].quote
    assert same(project)

    workspace = project.open()
    rollback(workspace.store, 1, now=workspace.clock())
    assert "5" in {row["key"][2] for row in project.documents("key")}
    project.write("p06.md", "# Station 6\n\nIt is closed.\n")
    assert project.ingest().run.refused["code"] == "on_hold"
    resume(workspace.store, now=workspace.clock())
    assert project.ingest().run.published
    assert same(project)

    maintained = maintain(project.open())
    assert maintained.release == 6
    assert maintained.bytes_before > 0
    assert same(project)
    assert [
        found for release in releases.releases(project.store) for found in verify(project.store, release)
    ] == []
    assert upgrade(project.store).steps == {}
    assert not [name for name in project.store.names() if name.startswith(STAGING)]
    assert collect_reports(project.store) == 0


def test_the_report_of_what_was_judged_is_kept_beside_the_tables(project: Project) -> None:
    project.pages(2)
    project.ingest()

    objects = project.store.objects
    assert objects is not None
    (path,) = [path for path, _ in objects.sizes(f"{FOLDER}/")]
    found = objects.read(path)
    assert found is not None
    assert b"<html" in found.content
    assert sum(size for _, size in objects.sizes()) == bytes_on_disk(project.store)


def test_a_drop_of_staging_that_was_broken_off_is_finished_by_the_next_run(project: Project) -> None:
    project.settings["policy"] = {"max_rejected_share": 0.0, "min_rejected": 0}
    project.pages(3)
    bad = project.write("bad.md", b"\xff\xfe\xfa this is no text")
    assert project.ingest().run.state == "refused"
    store = project.store
    assert store.objects is not None
    items = [path for path, _ in store.objects.sizes(f"{STAGING}docs__items.lance/data/")]
    store.objects.delete(items)
    bad.unlink()

    assert project.ingest().run.published
    assert same(project)


@pytest.mark.gate
def test_a_large_tables_indices_are_built_in_a_child_that_reaches_it_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "CHILD_ROWS", 1)
    project.pages(2)

    assert project.ingest().run.published
    release = project.release()
    assert release is not None
    table = project.store.open(release.indexes["default"]["table"])
    assert "text_idx" in {index.name for index in table.list_indices()}


@pytest.mark.gate
def test_of_two_who_publish_at_once_one_waits_and_none_is_lost(project: Project) -> None:
    sources = ("docs", "more")
    project.source("more")
    rounds, told = 4, list[int]()

    def ingest(workspace: Workspace, source: str) -> None:
        run = ingest_source(workspace, source)
        assert run.published
        told.append(run.release or 0)

    for n in range(rounds):
        for source in sources:
            project.write(f"p{n:02}.md", page(n), source=source)
        threads = [threading.Thread(target=ingest, args=(project.open(), source)) for source in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(told) == list(range(1, 2 * rounds + 1))
    assert [release.release for release in releases.releases(project.store)] == sorted(told)
    found = [(row["source"], row["key"]) for row in project.documents("source", "key")]
    assert sorted(found) == sorted((source, f"p{n:02}.md") for source in sources for n in range(rounds))


def test_doctor_tries_whether_the_server_keeps_conditions(object_storage: dict[str, str]) -> None:
    store = new_store(object_storage)
    found = object_locks(store["uri"], store["storage_options"])
    assert found.status == "ok"
    assert "conditional writes work" in found.detail
    unknown = object_locks("s3://none-here/x", store["storage_options"])
    assert unknown.status == "mismatch"
