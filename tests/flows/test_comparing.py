"""Passages whose tokens are like the question's: what they gain, and what an index keeps for it."""

from __future__ import annotations

from typing import Any

from flows.stages.contexts import context
from schemas.context import Candidate, ContextRequest
from tests.flows.projects import Project

QUESTION = "Which boat carries cars over the river?"
NOTES = {
    "ferry.md": "# Crossings\n\nThe ferry takes vehicles to the other bank every half hour.",
    "boats.md": "# Boats\n\nThe boat house stores boat paint, boat ropes and boat covers over the winter.",
    "river.md": "# Levels\n\nThe river is measured over the weir, which the river passes all year.",
    "cars.md": "# Parking\n\nCars stand behind the mill; which cars may stay is on the sign.",
}


def written(project: Project, **embedder: Any) -> None:
    project.settings["indexes"] = {"default": {"embedder": embedder}}
    for name, text in NOTES.items():
        project.write(name, text)


def candidates(project: Project, *, release: int | None = None) -> dict[str, Candidate]:
    request = ContextRequest(question=QUESTION, explain=True, release=release)
    return {one.uri.rpartition("/")[2]: one for one in context(project.open(), request).explain}


def test_what_says_it_in_other_words_gains_over_what_repeats_one(project: Project) -> None:
    written(project)
    project.ingest()

    found = candidates(project)

    assert max(one.maxsim for one in found.values()) == 0.3
    assert min(one.maxsim for one in found.values()) == 0.0
    assert found["ferry.md"].maxsim > found["boats.md"].maxsim
    assert (found["ferry.md"].keyword_rank or 99) > (found["boats.md"].keyword_rank or 99)


def test_a_view_without_the_weight_ranks_as_before(project: Project) -> None:
    written(project)
    project.settings["context_views"] = {"default": {"maxsim_weight": 0}}
    project.ingest()

    assert {one.maxsim for one in candidates(project).values()} == {0.0}


def test_an_index_may_do_without_and_its_releases_answer_as_they_did(project: Project) -> None:
    written(project, token_signs=False)
    project.ingest()
    first, before = project.release(), candidates(project)
    assert first is not None
    assert "token_signs" not in project.chunks()[0]
    assert {one.maxsim for one in before.values()} == {0.0}

    written(project)
    refused = project.ingest()
    assert refused.run.state == "refused"
    assert candidates(project) == before
    project.ingest(allow_rebuild=True)

    assert "token_signs" in project.chunks()[0]
    assert candidates(project) != before
    assert candidates(project, release=first.release) == before


def test_signs_come_from_the_cache_with_the_vector(project: Project) -> None:
    written(project)
    project.ingest()
    then = {row["text_hash"]: row["token_signs"] for row in project.chunks("text_hash", "token_signs")}
    project.write("again.md", NOTES["ferry.md"])

    paid = project.ingest()

    assert paid.embeddings == 0
    assert {
        row["text_hash"]: row["token_signs"] for row in project.chunks("text_hash", "token_signs")
    } == then
