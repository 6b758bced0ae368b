"""Scores: ask a workspace every question of a set and measure what came back, averaged over questions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import Any

from flows.stages.assembling import assembled_from
from flows.stages.retrieving import Retrieval, retrieve
from flows.workspace import Workspace
from infra.store import releases
from schemas.context import Citation, ContextRequest
from schemas.release import Release
from tests.benchmarks.quality.metrics import (
    WORD,
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
from transforms.choose import RELEVANT
from transforms.prompt import render

BUDGETS = {"spans": (500, 1_000, 2_000), "pages": (2_000, 4_000)}
HITS = 100
FENCE = re.compile(r"^</?[0-9a-f]{8}(?: \[.*)?>$", re.MULTILINE)


class Words:
    """Counts words and marks as the sets' budgets do, so that they compare across models; fences are free."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of words and marks of each text."""
        return [len(WORD.findall(FENCE.sub("", text))) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where each is."""
        return [match.span() for match in WORD.finditer(text)]


class Asker:
    """Asks one set's questions through the pipeline; says where its passages are in the set's own text.

    Of sets of spans and pages, `hits@500t` is the share of what was wanted in the first 500 words of the
    ranked hits, the last one cut; `recall@500t` the share in a prompt whose passages have at most 500 words.
    What a corpus says word for word in several places counts in all of them.
    """

    def __init__(self, found: QuestionSet, workspace: Workspace) -> None:
        self._set, self._workspace = found, workspace
        last = releases.current(workspace.store)
        assert last is not None
        rows = workspace.store.scan("documents", ["uri", "text"], version=last.tables["documents"].version)
        stored = zip(rows["uri"].to_pylist(), rows["text"].to_pylist(), strict=True)
        self._offsets = {
            name: Offsets(text, found.texts[name]) for uri, text in stored if (name := _name(uri))
        }
        self._copies = self._copied(last)

    def _copied(self, last: Release) -> dict[str, list[Span]]:
        """Return for each chunk where its text stands: its own place, and its copies'."""
        table = last.indexes["default"]["table"]
        columns = ["chunk_id", "quote", "uri", "start", "end"]
        chunks = self._workspace.store.scan(table, columns, version=last.tables[table].version).to_pylist()
        places: dict[str, list[Span]] = defaultdict(list)
        for row in chunks:
            places[row["quote"]].append(self._place(row))
        return {row["chunk_id"]: places[row["quote"]] for row in chunks}

    def scores(self, view: str) -> dict[str, float]:
        """Return every measure of the set under a context view."""
        rows = [self._one(question, view) for question in self._set.questions]
        return {name: fmean(row[name] for row in rows) for name in rows[0]}

    def _one(self, question: dict[str, Any], view: str) -> dict[str, float]:
        request = ContextRequest(question=question["text"], view=view)
        found = retrieve(self._workspace, request)
        hits = [(hit.chunk_id, self._place(hit.row)) for hit in found.hits[:HITS]]
        return {**self._scored(question, request, found, hits), "turned away": found.confidence < RELEVANT}

    def _scored(
        self,
        question: dict[str, Any],
        request: ContextRequest,
        found: Retrieval,
        hits: Sequence[tuple[str, Span]],
    ) -> dict[str, float]:
        if self._set.kind == "documents":
            return _documents([span for _, span in hits], self._set.relevant[question["_id"]])
        packed = {budget: self._packed(request, found, budget) for budget in BUDGETS[self._set.kind]}
        if self._set.kind == "spans":
            return self._spans(hits, packed, self._set.spans[question["_id"]])
        return self._pages([span for _, span in hits], packed, self._set.evidence[question["_id"]])

    def _packed(self, request: ContextRequest, found: Retrieval, budget: int) -> Sequence[Citation]:
        """Return the passages of a prompt that has so many words beside its template and the question."""
        words = Words()
        template = sum(words.count([one.content for one in render(request.question, (), fence="")]))
        asked = request.model_copy(update={"budget_tokens": budget + template})
        return assembled_from(self._workspace, asked, found, tokenizer=words).citations

    def _spans(
        self,
        hits: Sequence[tuple[str, Span]],
        packed: dict[int, Sequence[Citation]],
        wanted: list[Span],
    ) -> dict[str, float]:
        spans = [span for _, span in hits]
        scores = {"recall@5": span_recall(spans[:5], wanted), "iou@5": span_iou(spans[:5], wanted)}
        for budget, cited in packed.items():
            kept = within(spans, self._set.texts, budget)
            whole = (chunk_id for chunk_id, _ in hits[: len(kept) - 1])
            scores[f"hits@{budget}t"] = span_recall([*kept, *self._copies_of(whole)], wanted)
            shown = [self._span(c.uri, c.start, c.end) for c in cited]
            copies = self._copies_of(chunk_id for c in cited for chunk_id in c.chunk_ids)
            scores[f"recall@{budget}t"] = span_recall([*shown, *copies], wanted)
        return scores

    def _pages(
        self, hits: Sequence[Span], packed: dict[int, Sequence[Citation]], wanted: list[dict[str, Any]]
    ) -> dict[str, float]:
        pages = {f"{row['doc']}::{row['page']}": 1 for row in wanted}
        documents = {row["doc"]: 1 for row in wanted}
        found = [name for name, _, _ in hits]
        owners = [name.rpartition("::")[0] for name in found]
        evidence = [(f"{row['doc']}::{row['page']}", row["text"]) for row in wanted]
        scores = {
            **{f"doc@{k}": recall(owners, documents, k) for k in (1, 5)},
            **{f"page@{k}": recall(found, pages, k) for k in (5, 10, 20)},
        }
        for budget, cited in packed.items():
            scores[f"hits@{budget}t"] = evidence_recall(self._quoted(hits), evidence, budget)
            shown = [self._span(c.uri, c.start, c.end) for c in cited]
            scores[f"evidence@{budget}t"] = evidence_recall(self._quoted(shown), evidence, budget)
        return scores

    def _copies_of(self, chunks: Iterable[str]) -> list[Span]:
        return [span for chunk_id in chunks for span in self._copies[chunk_id]]

    def _quoted(self, spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
        return ((name, self._set.texts[name][start:end]) for name, start, end in spans)

    def _place(self, row: dict[str, Any]) -> Span:
        return self._span(row["uri"], row["start"], row["end"])

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


def _name(uri: str) -> str:
    return uri.partition(f"{CORPUS}#")[2]
