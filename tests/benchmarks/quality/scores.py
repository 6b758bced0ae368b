"""Scores: ask a workspace every question of a set and measure what came back, averaged over questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from flows.stages.contexts import Retrieval, assembled_from, retrieve
from flows.workspace import Workspace
from infra.store import releases
from schemas.context import ContextRequest
from tests.benchmarks.quality.metrics import (
    Span,
    evidence_recall,
    ndcg,
    recall,
    reciprocal_rank,
    span_iou,
    span_recall,
    within,
)
from tests.benchmarks.quality.sets import CORPUS, Offsets, QuestionSet

BUDGETS = {"spans": (500, 1_000, 2_000), "pages": (2_000, 4_000)}
HITS = 100


class Asker:
    """Asks one set's questions through the pipeline; says where its passages are in the set's own text."""

    def __init__(self, found: QuestionSet, workspace: Workspace) -> None:
        self._set, self._workspace = found, workspace
        last = releases.current(workspace.store)
        assert last is not None
        rows = workspace.store.scan("documents", ["uri", "text"], version=last.tables["documents"].version)
        stored = zip(rows["uri"].to_pylist(), rows["text"].to_pylist(), strict=True)
        self._offsets = {
            name: Offsets(text, found.texts[name]) for uri, text in stored if (name := _name(uri))
        }

    def scores(self, view: str) -> dict[str, float]:
        """Return every measure of the set under a context view."""
        rows = [self._one(question, view) for question in self._set.questions]
        return {name: fmean(row[name] for row in rows) for name in rows[0]}

    def _one(self, question: dict[str, Any], view: str) -> dict[str, float]:
        request = ContextRequest(question=question["text"], view=view)
        found = retrieve(self._workspace, request)
        hits = [self._span(hit.row["uri"], hit.row["start"], hit.row["end"]) for hit in found.hits[:HITS]]
        if self._set.kind == "documents":
            return _documents(hits, self._set.relevant[question["_id"]])
        packed = {budget: self._packed(request, found, hits, budget) for budget in BUDGETS[self._set.kind]}
        if self._set.kind == "spans":
            return self._spans(hits, packed, self._set.spans[question["_id"]])
        return self._pages(hits, packed, self._set.evidence[question["_id"]])

    def _packed(
        self, request: ContextRequest, found: Retrieval, hits: Sequence[Span], budget: int
    ) -> list[Span]:
        """Return a context's passages, and the hits after them in case it holds less than the budget.

        A model's tokens are shorter than words, and fences cost some: it is given half as many again, and
        room for the template, so that it holds about the budget.
        """
        asked = request.model_copy(update={"budget_tokens": 300 + 3 * budget // 2})
        made = assembled_from(self._workspace, asked, found)
        passages = [self._span(c.uri, c.start, c.end) for c in made.citations]
        inside = {span for span in hits if any(_holds(passage, span) for passage in passages)}
        return [*passages, *(span for span in hits if span not in inside)]

    def _spans(
        self, hits: Sequence[Span], packed: dict[int, list[Span]], wanted: list[Span]
    ) -> dict[str, float]:
        texts = self._set.texts
        recalls = {
            f"recall@{budget}t": span_recall(within(spans, texts, budget), wanted)
            for budget, spans in packed.items()
        }
        return {**recalls, "recall@5": span_recall(hits[:5], wanted), "iou@5": span_iou(hits[:5], wanted)}

    def _pages(
        self, hits: Sequence[Span], packed: dict[int, list[Span]], wanted: list[dict[str, Any]]
    ) -> dict[str, float]:
        pages = {f"{row['doc']}::{row['page']}": 1 for row in wanted}
        documents = {row["doc"]: 1 for row in wanted}
        found = [name for name, _, _ in hits]
        owners = [name.rpartition("::")[0] for name in found]
        evidence = [(f"{row['doc']}::{row['page']}", row["text"]) for row in wanted]
        return {
            **{f"doc@{k}": recall(owners, documents, k) for k in (1, 5)},
            **{f"page@{k}": recall(found, pages, k) for k in (5, 10, 20)},
            **{
                f"evidence@{budget}t": evidence_recall(self._quoted(spans), evidence, budget)
                for budget, spans in packed.items()
            },
        }

    def _quoted(self, spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
        return ((name, self._set.texts[name][start:end]) for name, start, end in spans)

    def _span(self, uri: str, start: int, end: int) -> Span:
        name = _name(uri)
        return (name, *self._offsets[name].span(start, end))


def _documents(hits: Sequence[Span], grades: dict[str, int]) -> dict[str, float]:
    ranked = list(dict.fromkeys(name for name, _, _ in hits))
    return {
        "ndcg@10": ndcg(ranked, grades),
        "recall@3": recall(ranked, grades, 3),
        "recall@10": recall(ranked, grades, 10),
        "mrr@10": reciprocal_rank(ranked, grades),
    }


def _holds(passage: Span, span: Span) -> bool:
    return passage[0] == span[0] and passage[1] <= span[1] and span[2] <= passage[2]


def _name(uri: str) -> str:
    return uri.partition(f"{CORPUS}#")[2]
