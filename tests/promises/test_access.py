"""Who may not read never learns, and who may read finds what a scan of their own chunks would find.

A case is a policy (what the release asked at, the newest one and the denials since say), a caller and a
question, drawn at random from a store with 200 groups of which half permit under 1% of the chunks.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.stages.contexts import context
from flows.stages.features import look_up
from flows.stages.retrieving import retrieve
from infra.store import releases
from infra.store.center import LEAST, SAMPLE
from schemas.context import ContextRequest, Principal
from schemas.filters import Filters
from tests.promises.rights import (
    CHUNKS_EACH,
    DIMENSION,
    LANGUAGES,
    SOURCES,
    World,
    chunk_name,
    document_name,
    fact_word,
    permitted,
    world,
)
from transforms.rank import Hit, fuse

K, DEPTH = 10, 100
NEAR = 1e-5
"""Scores closer than this are the same one: distances are computed in 32 bits."""
WITHIN = 0.01
"""What recall among permitted chunks may be below that of a scan."""
WHOLE = 20
"""Every so many cases the whole context is assembled and looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question, asked by somebody at a release."""

    question: int
    principal: Principal
    entity: int
    """Of which document's facts are asked for beside it."""
    release: int
    filters: Filters


@dataclass(slots=True)
class Found:
    """Recall by leg and by how much the caller may read, one number a case."""

    recalls: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    keyword: dict[tuple[int, int], pa.Table] = field(default_factory=dict)
    """Rankings of every chunk for a question at a table's version, computed once."""
    first: dict[int, list[int]] = field(default_factory=dict)
    """By release: the chunks with the first ids."""

    def mean(self, leg: str, size: str | None = None) -> float:
        found = [r for (of, s), rs in self.recalls.items() if of == leg and size in (None, s) for r in rs]
        return float(np.mean(found)) if found else 1.0


@pytest.mark.parametrize(
    ("worlds", "chunks", "cases"),
    [
        pytest.param(1, 21_000, 200, id="a-share"),
        pytest.param(5, 30_000, 2_000, id="all", marks=[pytest.mark.gate, pytest.mark.timeout(7_200)]),
    ],
)
def test_nothing_leaks_and_what_may_be_read_is_found(
    worlds: int, chunks: int, cases: int, seed: int, tmp_path: Path
) -> None:
    found = Found()
    for n in range(worlds):
        folder = tmp_path / str(n)
        folder.mkdir()
        made = world(folder, seed + n, chunks=chunks, questions=cases // 20)
        _has_every_index(made)
        draw = random.Random(seed + n)
        found.keyword.clear()
        found.first.clear()
        for at in range(cases):
            _try(made, _case(draw, made), found, whole=at % WHOLE == 0)
    for leg in ("vector", "keyword", "hybrid"):
        few, more = found.mean(leg, "few"), found.mean(leg, "more")
        sys.stdout.write(f"{leg}: recall@{K} {found.mean(leg):.4f}, under 1% {few:.4f}, more {more:.4f}\n")
    sys.stdout.write(f"cases {worlds * cases}, under 1%: {len(found.recalls['vector', 'few'])}\n")
    for leg in ("vector", "keyword", "hybrid"):
        for size in ("few", "more"):
            assert found.mean(leg, size) >= 1 - WITHIN, f"{leg}, {size}"


def _has_every_index(made: World) -> None:
    store = made.workspace.store
    [table] = [name for name in store.names() if name.startswith("chunks__")]
    kinds = {index.name for index in store.open(table).list_indices()}
    assert {"vector_idx", "acl_idx", "text_idx", "source_idx"} <= kinds


def _case(draw: random.Random, made: World) -> Case:
    """Half of the callers are in groups that permit little, some are in none, a few ask with filters."""
    half = len(made.groups) // 2
    pool = made.groups[:half] if draw.random() < 0.5 else made.groups
    user = draw.choice(made.users) if draw.random() < 0.3 else None
    filters = Filters()
    if draw.random() < 0.2:
        filters = Filters(
            sources=(draw.choice(SOURCES),) if draw.random() < 0.7 else None,
            languages=(draw.choice(LANGUAGES),) if draw.random() < 0.5 else None,
        )
    release = draw.choice((1, 2, 3, 4, 4))
    principal = Principal(user=user, groups=tuple(draw.sample(pool, draw.choice((0, 1, 1, 1, 2, 4)))))
    return Case(
        question=draw.randrange(len(made.questions)),
        entity=_entity(draw, made, release, frozenset(principal.entries())),
        principal=principal,
        release=release,
        filters=filters,
    )


def _try(made: World, case: Case, found: Found, *, whole: bool) -> None:
    request = ContextRequest(
        question=made.questions[case.question],
        principal=case.principal,
        release=case.release,
        filters=case.filters,
        explain=whole,
        entities={"document": document_name(case.entity)},
    )
    _look_up(made, case)
    allowed = np.repeat(_allowed(made, case), CHUNKS_EACH)
    names = {chunk_name(int(n)) for n in np.flatnonzero(allowed)}
    got = retrieve(made.workspace, request)

    assert {hit.chunk_id for hit in got.hits} <= names, case
    assert got.passages.count(got.readable) == len(names), case
    _look_around(made, got, names, case)
    size = "few" if len(names) < 0.01 * len(allowed) else "more"
    vector = _nearest(made, case, allowed, found, got.section.center_weight)
    keyword = _ranking(made, case, got.passages.table, found, names)
    exact = fuse(
        vector.slice(0, DEPTH),
        keyword.slice(0, DEPTH),
        vector_weight=got.section.vector_weight,
        margin_weight=got.section.margin_weight,
    )
    mine = {
        "vector": _leg(got.hits, "vector_score"),
        "keyword": _leg(got.hits, "keyword_score"),
        "hybrid": {hit.chunk_id for hit in sorted(got.hits, key=lambda hit: (-hit.fused, hit.chunk_id))[:K]},
    }
    truth = {
        "vector": vector,
        "keyword": keyword,
        "hybrid": pa.table({"chunk_id": [h.chunk_id for h in exact], "score": [h.fused for h in exact]}),
    }
    for leg, ranking in truth.items():
        if ranking.num_rows:
            found.recalls[leg, size].append(_recall(mine[leg], ranking))
    if whole:
        _look_through(made, request, names, case)


def _allowed(made: World, case: Case) -> Any:
    allowed = permitted(made, case.release, frozenset(case.principal.entries()))
    for wanted, values in ((case.filters.sources, made.sources), (case.filters.languages, made.languages)):
        if wanted is not None:
            allowed &= np.isin(values, wanted)
    return allowed


def _entity(draw: random.Random, made: World, release: int, entries: frozenset[str]) -> int:
    """Half of the entities are such as the release would open to the caller, now or no more."""
    opened = [n for n, acl in made.acls[release].items() if acl & entries] if draw.random() < 0.5 else []
    return draw.choice(opened) if opened else draw.randrange(len(made.sources))


def _look_up(made: World, case: Case) -> None:
    """Facts of an entity are told to those alone who may read them, whatever the release and the filters."""
    release = releases.get(made.workspace.store, case.release)
    entries = case.principal.entries()
    row = look_up(made.workspace, release, "facts", document_name(case.entity), entries)
    may_read = bool(permitted(made, case.release, frozenset(entries))[case.entity])
    assert (row["word"] if row else None) == (fact_word(case.entity) if may_read else None), case


def _look_around(made: World, got: Any, names: set[str], case: Case) -> None:
    """Neighbors of what was found, and places that nobody told the caller of."""
    draw = random.Random(case.question)
    numbers = [draw.randrange(len(made.sources)) for _ in range(20)]
    numbers += [int(hit.row["document_id"][1:]) for hit in got.hits[:10]]
    places = sorted({(document_name(n), k) for n in numbers for k in range(CHUNKS_EACH)})
    there = {row["chunk_id"] for row in got.passages.chunks_at(places, got.readable).values()}
    wanted = {chunk_name(CHUNKS_EACH * int(document[1:]) + k) for document, k in places}
    assert there == wanted & names, case


def _look_through(made: World, request: ContextRequest, names: set[str], case: Case) -> None:
    """Everything a context says is of chunks that the caller may read."""
    whole = context(made.workspace, request)
    told = {one.chunk_id for one in (*whole.citations, *whole.dropped, *whole.explain)}
    told |= {chunk_id for citation in whole.citations for chunk_id in citation.chunk_ids}
    assert told <= names, case
    may_read = bool(permitted(made, case.release, frozenset(case.principal.entries()))[case.entity])
    assert (fact_word(case.entity) in whole.model_dump_json()) == may_read == bool(whole.features), case
    for note in whole.notes:
        assert note.startswith(f"{len(names)} passages found"), case


def _nearest(made: World, case: Case, allowed: Any, found: Found, weight: float) -> pa.Table:
    rows = np.flatnonzero(allowed)
    center = _center(made, case, allowed, found)
    scores = made.vectors[rows] @ (made.asked[case.question] - weight * center) + weight * center @ center
    best = np.argsort(-scores, kind="stable")[: 2 * DEPTH]
    return pa.table(
        {"chunk_id": [chunk_name(int(rows[n])) for n in best], "score": scores[best].astype(np.float64)}
    )


def _center(made: World, case: Case, allowed: Any, found: Found) -> Any:
    """What the caller's own chunks have in common: of a chunk that they may not read nothing is in it."""
    if case.release not in found.first:
        there = [CHUNKS_EACH * n + k for n in made.acls[case.release] for k in range(CHUNKS_EACH)]
        found.first[case.release] = sorted(there, key=chunk_name)[:SAMPLE]
    mine = [n for n in found.first[case.release] if allowed[n]]
    return made.vectors[mine].mean(axis=0) if len(mine) >= LEAST else np.zeros(DIMENSION, np.float32)


def _ranking(made: World, case: Case, table: Any, found: Found, names: set[str]) -> pa.Table:
    """The engine's own ranking of every chunk, without a filter, of which the caller's are taken."""
    from lancedb.query import MatchQuery

    at = (case.question, table.version)
    if at not in found.keyword:
        query = table.search(MatchQuery(made.questions[case.question], "text"), query_type="fts")
        ranked = query.select(["chunk_id", "_score"]).limit(table.count_rows()).to_arrow()
        ranked = pa.table({"chunk_id": ranked["chunk_id"], "score": ranked["_score"].cast(pa.float64())})
        found.keyword[at] = ranked.sort_by([("score", "descending"), ("chunk_id", "ascending")])
    ranked = found.keyword[at]
    return ranked.filter(pa.array([name in names for name in ranked["chunk_id"].to_pylist()], pa.bool_()))


def _leg(hits: list[Hit], score: str) -> set[str]:
    found = [hit for hit in hits if getattr(hit, score) is not None]
    return {hit.chunk_id for hit in sorted(found, key=lambda h: (-getattr(h, score), h.chunk_id))[:K]}


def _recall(mine: set[str], truth: pa.Table) -> float:
    """Share of the best K that were found; whichever of equal ones."""
    scores = dict(zip(truth["chunk_id"].to_pylist(), truth["score"].to_pylist(), strict=True))
    wanted = min(K, len(scores))
    least = sorted(scores.values(), reverse=True)[wanted - 1] - NEAR
    return min(1.0, sum(scores.get(name, -2.0) >= least for name in mine) / wanted)
