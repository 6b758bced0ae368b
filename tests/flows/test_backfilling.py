"""What a backfill promises: it redoes what was asked for and no more, survives a kill, leaves ingest be."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from flows.stages.backfilling import Pace, plan_backfill
from flows.stages.backfills import backfill_project
from infra.store import logs
from infra.store.rollback import rollback
from schemas.backfill import BackfillOptions
from schemas.errors import NotFoundError, RefusedError
from schemas.run import Run
from tests.flows.breaking import DiedError, dying_at, is_whole
from tests.flows.own_parsers import PLAIN, SHOUTING
from tests.flows.projects import ROWS, Project, page, tickets

T = TypeVar("T")


def backfill(project: Project, *, step: Any = None, **options: Any) -> list[Run]:
    chosen = BackfillOptions(**options)
    more = {"step": step} if step else {}
    return backfill_project(project.open(), ["docs"], chosen, **more)


@pytest.fixture
def reparsed(project: Project) -> Project:
    """Twelve released pages, whose parser has changed since."""
    project.source("docs", parsers={"text/markdown": PLAIN})
    project.pages(12)
    project.ingest()
    project.source("docs", parsers={"text/markdown": SHOUTING})
    return project


def test_a_changed_parser_is_refused_with_the_backfill_that_it_takes_and_its_cost(reparsed: Project) -> None:
    refused = reparsed.ingest().run.refused

    assert refused is not None
    assert "headwater backfill --source docs --stage parse" in refused["fix"]
    assert "12 of 12 items" in refused["detail"]
    assert " s)" in refused["detail"]


def test_a_backfill_from_parsing_leaves_what_the_new_parser_makes(reparsed: Project) -> None:
    runs = backfill(reparsed, partition_items=5)

    assert [run.items.changed for run in runs] == [5, 5, 2]
    assert [run.release for run in runs] == [2, 3, 4]
    assert is_whole(reparsed)
    assert reparsed.ingest().run.state == "unchanged"


def test_published_once_a_backfill_makes_one_release(reparsed: Project) -> None:
    runs = backfill(reparsed, partition_items=5, publish="once")

    assert [(run.release, run.items.changed) for run in runs] == [(2, 12)]
    assert is_whole(reparsed)


@pytest.mark.parametrize("stage", ["partition 2 of 3 of docs", "publish"])
def test_a_backfill_that_died_goes_on_where_it_was(reparsed: Project, stage: str) -> None:
    with pytest.raises(DiedError):
        backfill(reparsed, partition_items=5, step=dying_at(stage))
    before = reparsed.parses()

    runs = backfill(reparsed, partition_items=5)

    assert reparsed.parses() - before == 7
    assert sum(run.items.changed for run in runs) == (12 if stage == "publish" else 7)
    assert is_whole(reparsed)


def test_a_finished_backfill_can_be_asked_for_again(reparsed: Project) -> None:
    backfill(reparsed)
    before = reparsed.parses()

    (again,) = backfill(reparsed)

    assert reparsed.parses() - before == 12
    assert (again.state, again.release, again.embedded) == ("unchanged", 2, 0)


def test_only_what_is_selected_is_made_again(reparsed: Project) -> None:
    (run,) = backfill(reparsed, match="p0[0-2].md")

    assert run.items.listed == run.parsed == 3
    shouted = {row["key"] for row in reparsed.documents("key", "text") if row["text"] != row["text"].lower()}
    loud = {row["key"] for row in reparsed.documents("key", "text") if "MEASURES" in row["text"]}
    assert loud == {"p00.md", "p01.md", "p02.md"} < shouted


def test_a_window_takes_what_its_source_changed_inside_it(project: Project) -> None:
    for n, day in enumerate((2, 3, 4)):
        at = datetime(2020, 1, day, tzinfo=UTC).timestamp()
        os.utime(project.write(f"p{n}.md", page(n)), (at, at))
    project.ingest()
    window = {"since": datetime(2020, 1, 3, tzinfo=UTC), "until": datetime(2020, 1, 4, tzinfo=UTC)}

    plan = plan_backfill(project.open(), "docs", BackfillOptions(**window))

    assert plan.partitions == (("p1.md",),)


def test_a_document_is_chosen_by_its_id_or_its_uri(reparsed: Project) -> None:
    rows = reparsed.documents("document_id", "uri", "key")

    (run,) = backfill(reparsed, ids=(rows[0]["document_id"], rows[1]["uri"]))

    assert run.items.changed == 2


def test_a_selection_that_matches_nothing_is_an_error(reparsed: Project) -> None:
    with pytest.raises(NotFoundError, match="matches none"):
        backfill(reparsed, match="nothing/*")


def test_what_changed_at_its_source_since_is_left_to_ingest(reparsed: Project) -> None:
    reparsed.write("p03.md", page(3, costs=1))
    cursor = reparsed.store.scan("items").sort_by("key").to_pylist()

    (run,) = backfill(reparsed)

    assert (run.items.changed, run.items.unchanged) == (11, 1)
    assert reparsed.store.scan("items").sort_by("key").to_pylist() == cursor
    assert reparsed.ingest().parses == 1
    assert is_whole(reparsed)


def test_what_ingest_published_while_a_backfill_worked_is_not_overwritten(reparsed: Project) -> None:
    def meanwhile(name: str, work: Callable[[], T]) -> T:
        done = work()
        if name.startswith("partition"):
            reparsed.write("p03.md", page(3, costs=1))
            (reparsed.root / "docs" / "p04.md").unlink()
            reparsed.ingest(allow_rebuild=True)
        return done

    (run,) = backfill(reparsed, step=meanwhile)

    assert run.items.unchanged == 2
    assert is_whole(reparsed)


def test_a_backfill_at_work_does_not_keep_ingest_from_its_schedule(reparsed: Project) -> None:
    states: list[str] = []

    def meanwhile(name: str, work: Callable[[], T]) -> T:
        if name.startswith("partition"):
            reparsed.write("new.md", page(90))
            states.append(reparsed.ingest(allow_rebuild=True).run.state)
        return work()

    backfill(reparsed, step=meanwhile)

    assert states == ["published"]


def test_a_new_chunker_is_built_beside_the_live_index_and_flipped_by_one_publish(project: Project) -> None:
    project.pages(12)
    project.ingest()
    old = project.release()
    project.chunker(64)
    with pytest.raises(DiedError):
        backfill_project(project.open(), None, BackfillOptions(stage="chunk"), step=dying_at("publish"))
    assert project.ask("What does station 3 measure?").release == 1

    (run,) = backfill_project(project.open(), None, BackfillOptions(stage="chunk"))

    assert (run.release, run.parsed, run.embedded) == (2, 0, 0)
    assert is_whole(project)
    new = project.release()
    assert old is not None
    assert new is not None
    assert old.indexes["default"]["table"] != new.indexes["default"]["table"]
    rollback(project.store, 1, now=datetime(2030, 1, 1, tzinfo=UTC))
    back = project.release()
    assert back is not None
    assert back.indexes == old.indexes


def test_a_source_published_while_an_index_is_built_is_in_it_too(project: Project) -> None:
    project.pages(3)
    project.source("other")
    project.write("o.md", page(50), source="other")
    project.ingest()
    project.ingest("other")
    old = dict(project.settings)
    project.chunker(64)
    new = dict(project.settings)
    done: list[str] = []

    def meanwhile(name: str, work: Callable[[], T]) -> T:
        if name == "publish" and not done:
            done.append(name)
            project.settings = old
            project.write("o.md", page(51), source="other")
            project.ingest("other")
            project.settings = new
        return work()

    (run,) = backfill_project(project.open(), None, BackfillOptions(stage="chunk"), step=meanwhile)

    assert run.release == 4
    assert any("station 51" in row["quote"].lower() for row in project.chunks("quote"))


def test_an_index_must_be_built_before_documents_are_parsed_again(reparsed: Project) -> None:
    reparsed.chunker(64)

    with pytest.raises(RefusedError, match="not built yet"):
        backfill(reparsed)


def test_embedding_again_computes_every_vector_and_the_cache_learns_them(project: Project) -> None:
    project.pages(6)
    cold = project.ingest()
    embedder = next(iter(project.embedders.values()))
    before = embedder.texts_embedded  # type: ignore[attr-defined]

    (run,) = backfill(project, stage="embed")

    assert embedder.texts_embedded - before == run.embedded == cold.embeddings  # type: ignore[attr-defined]
    assert is_whole(project)
    assert project.ingest().run.state == "unchanged"


def test_cutting_again_what_is_cut_the_same_way_publishes_nothing(project: Project) -> None:
    project.pages(6)
    project.ingest()

    (run,) = backfill(project, stage="chunk")

    assert (run.state, run.embedded, run.items.changed) == ("unchanged", 0, 6)


def test_records_are_made_again_with_their_table(project: Project) -> None:
    project.source("docs", **ROWS)
    project.write("tickets.csv", tickets())
    project.ingest()
    project.source("docs", **{**ROWS, "title": "body"})

    (run,) = backfill(project)

    assert (run.items.changed, run.documents["updated"]) == (1, 20)
    assert is_whole(project)


def test_a_backfill_is_logged_as_what_it_is(reparsed: Project) -> None:
    backfill(reparsed)

    newest = logs.last_rates(reparsed.store, "docs").to_pylist()[0]
    assert (newest["verb"], newest["state"], newest["release"]) == ("backfill", "published", 2)
    release = reparsed.release()
    assert release is not None
    assert release.kind == "backfill"


def test_a_bounded_rate_waits_between_batches() -> None:
    waited: list[float] = []
    pace = Pace(items_per_minute=60, wait=waited.append)

    pace.spend(5)
    pace.spend(5)

    assert waited[0] == pytest.approx(5, abs=0.5)
    assert waited[1] == pytest.approx(10, abs=0.5)  # nothing was waited for in truth


def test_of_several_sources_each_is_reported_when_one_fails(reparsed: Project) -> None:
    reparsed.source("other", parsers={"text/markdown": PLAIN})
    reparsed.write("o.md", page(50), source="other")
    reparsed.ingest("other")
    reparsed.source("other", parsers={"text/markdown": SHOUTING})
    (reparsed.root / "docs").rename(reparsed.root / "gone")

    failed, done = backfill_project(reparsed.open(), ["docs", "other"], BackfillOptions())

    assert (failed.source, failed.state) == ("docs", "failed")
    assert failed.refused is not None
    assert failed.refused["code"] == "unavailable"
    assert (done.source, done.state, done.items.changed) == ("other", "published", 1)
