"""A view's cross-encoder orders passages within its time, and is never needed."""

from __future__ import annotations

from typing import Any

from flows.stages.contexts import context
from schemas.context import Context, ContextRequest
from tests.flows.projects import Project
from tests.infra.embedders.tiny_reranker import make_reranker

QUESTION = "What does the sensor of station 3 cost?"


def ask(project: Project, **rerank: Any) -> Context:
    view = {"rerank": {"model": "reader", "depth": 4, "device": "cpu", **rerank}} if rerank else {}
    project.settings["context_views"] = {"default": view}
    return context(project.open(), ContextRequest(question=QUESTION, explain=True))


def test_a_views_reranker_orders_the_best_passages_and_over_its_time_none(project: Project) -> None:
    project.pages(8)
    project.ingest()
    make_reranker(project.root / "reader")
    plain, read = ask(project), ask(project, budget_ms=None)
    said = [one.reranked for one in read.explain]

    assert None not in said[:4]
    assert said[4:] == [None] * 4
    assert said[:4] == sorted(said[:4], reverse=True, key=lambda score: score or 0.0)
    assert {one.chunk_id for one in read.explain[:4]} == {one.chunk_id for one in plain.explain[:4]}
    assert [one.chunk_id for one in read.explain[4:]] == [one.chunk_id for one in plain.explain[4:]]
    assert read.digest == ask(project, budget_ms=None).digest
    assert "rerank" in read.timings_ms
    assert read.notes == ()
    late = ask(project, budget_ms=0.001)
    assert late.notes == ("not reranked: reader took longer than 0.001 ms",)
    assert (late.digest, plain.notes) == (plain.digest, ())
