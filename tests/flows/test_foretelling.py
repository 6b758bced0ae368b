"""What a plan foretells is what happens."""

from collections.abc import Callable

import pytest

from flows.stages.backfills import backfill_project, foretold
from flows.stages.index_building import plan_builds
from flows.stages.planning import plan_source
from infra.store.rollback import rollback
from schemas.backfill import BackfillOptions
from schemas.errors import RefusedError
from tests.flows.projects import Project


def lose_most(project: Project) -> None:
    for n in range(1, 8):
        (project.root / "docs" / f"p{n:02}.md").unlink()


def cut_otherwise(project: Project) -> None:
    project.chunker(64)


def roll_back(project: Project) -> None:
    project.write("new.md", "# New\n\nA page that was not there before.\n")
    project.ingest()
    rollback(project.store, 1, now=project.open().clock())


@pytest.mark.parametrize("trouble", [lose_most, cut_otherwise, roll_back])
def test_a_plan_foretells_the_refusal_of_the_run(
    project: Project, trouble: Callable[[Project], None]
) -> None:
    project.pages(8)
    project.ingest()
    assert plan_source(project.open(), "docs").refused is None
    trouble(project)

    foreseen = plan_source(project.open(), "docs")
    from_listing = plan_source(project.open(), "docs", fast=True)
    run = project.ingest().run

    assert run.refused is not None
    assert foreseen.refused == from_listing.refused == run.refused


def test_a_backfill_foretells_that_an_index_is_to_be_built_first(project: Project) -> None:
    project.pages(3)
    project.ingest()
    options = BackfillOptions(stage="parse")
    assert foretold(project.open(), options) is None
    project.chunker(64)

    foreseen = foretold(project.open(), options)
    with pytest.raises(RefusedError) as refused:
        backfill_project(project.open(), None, options)

    assert foreseen is not None
    assert foreseen.as_dict() == refused.value.as_dict()
    assert foretold(project.open(), BackfillOptions(stage="chunk")) is None


def test_an_index_to_be_built_is_planned_with_its_documents_and_an_estimate(project: Project) -> None:
    project.pages(3)
    project.ingest()
    project.chunker(64)

    (build,) = plan_builds(project.open())

    assert (build["index"], build["documents"]) == ("default", 3)
    assert build["seconds"] > 0


def test_a_backfill_on_hold_is_foretold(project: Project) -> None:
    project.pages(2)
    project.ingest()
    roll_back(project)

    foreseen = foretold(project.open(), BackfillOptions())

    assert foreseen is not None
    assert foreseen.code == "on_hold"
