from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lancedb.index import IvfRq

from infra.store import Store, search, token_signs
from infra.store.publish import Publication, TableChange, publish
from infra.store.readable import Readable
from infra.store.search import Passages
from schemas.chunk import embedded_chunk
from schemas.release import Release
from tests.infra.store.rows import CHUNKS, DIMENSION, NOW, chunk, chunks, document

Publisher = Callable[..., Release]
ENTRIES = ["everyone", "group:hr", "group:o'brien", "user:ann", "group:x') or true --"]
QUESTION = np.ones(DIMENSION, np.float32) / np.sqrt(DIMENSION)


@pytest.fixture(params=["in memory", "in the store", "by index, rows in memory"])
def tables_of_each_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask small tables as they are asked, and as large ones and those between are."""
    if request.param != "in memory":
        monkeypatch.setattr(search, "EXACT_ROWS", 0)
        monkeypatch.setattr(search, "KEPT_ROWS", 0 if request.param == "in the store" else 1_000)
        monkeypatch.setattr(search, "QUESTIONS", 1)
        monkeypatch.setattr(search, "in_background", done_at_once)


def done_at_once(make: Callable[[], object]) -> Future[object]:
    made: Future[object] = Future()
    made.set_result(make())
    return made


both_ways = pytest.mark.usefixtures("tables_of_each_size")


def ids(found: object) -> list[str]:
    return found["chunk_id"].to_pylist()  # type: ignore[index, no-any-return]


@both_ways
def test_neither_leg_shows_what_the_caller_may_not_read(store: Store, release: Publisher) -> None:
    release(
        document("a"),
        chunk_rows=(chunk("open", "river level"), chunk("closed", "river level salary", acl=("group:hr",))),
    )
    table = store.open(CHUNKS)

    for leg in (
        lambda readable: Passages(table).vector_leg(QUESTION, readable, 10),
        lambda readable: Passages(table).keyword_leg("river salary", readable, 10),
    ):
        assert ids(leg(Readable(entries=("everyone",)))) == ["open"]
        assert set(ids(leg(Readable(entries=("everyone", "group:hr"))))) == {"open", "closed"}
        assert ids(leg(Readable(entries=()))) == []


@both_ways
def test_a_forbidden_document_and_another_source_are_left_out(store: Store, release: Publisher) -> None:
    release(document("a"), chunk_rows=(chunk("one", "river", of="d1"), chunk("two", "river", of="d2")))
    table = store.open(CHUNKS)

    without = Readable(entries=("everyone",), forbidden_documents=("d1",))
    elsewhere = Readable(entries=("everyone",), sources=("other",))

    assert ids(Passages(table).keyword_leg("river", without, 10)) == ["two"]
    assert ids(Passages(table).keyword_leg("river", elsewhere, 10)) == []


@both_ways
def test_equal_scores_are_ordered_by_chunk_id_whatever_the_depth(store: Store, release: Publisher) -> None:
    rows = tuple(chunk(f"c{n:03}", "the same river text") for n in reversed(range(60)))
    release(document("a"), chunk_rows=rows)
    table = store.open(CHUNKS)

    for depth in (1, 5, 30):
        found = Passages(table).keyword_leg("river", Readable(entries=("everyone",)), depth)
        assert ids(found) == [f"c{n:03}" for n in range(depth)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(caller=st.lists(st.sampled_from(ENTRIES), unique=True))
def test_the_pre_filter_and_the_rule_agree_whatever_is_in_a_name(
    caller: list[str], store: Store, release: Publisher
) -> None:
    if not store.has(CHUNKS):
        rows = [chunk(f"c{n}", "river", acl=acl) for n, acl in enumerate(pairwise(ENTRIES))]
        release(document("a"), chunk_rows=tuple(rows))
    found = store.scan(CHUNKS, ["chunk_id", "acl"]).to_pylist()
    allowed = {row["chunk_id"] for row in found if set(row["acl"]) & set(caller)}

    assert (
        set(ids(Passages(store.open(CHUNKS)).keyword_leg("river", Readable(entries=tuple(caller)), 50)))
        == allowed
    )


@both_ways
def test_chunks_at_places_are_only_those_the_caller_may_read(store: Store, release: Publisher) -> None:
    rows = [
        {**chunk("c0", "first", of="o'brien"), "ordinal": 0},
        {**chunk("c1", "second", of="o'brien", acl=("group:hr",)), "ordinal": 1},
        {**chunk("c2", "third", of="other"), "ordinal": 2},
    ]
    release(document("a"), chunk_rows=tuple(rows))
    table = store.open(CHUNKS)
    places = [("o'brien", 0), ("o'brien", 1), ("other", 2), ("other", 3)]

    def found(readable: Readable, wanted: list[tuple[str, int]] = places) -> dict[tuple[str, int], str]:
        return {place: row["chunk_id"] for place, row in Passages(table).chunks_at(wanted, readable).items()}

    assert found(Readable(entries=("everyone",))) == {("o'brien", 0): "c0", ("other", 2): "c2"}
    assert found(Readable(entries=("group:hr",))) == {("o'brien", 1): "c1"}
    assert found(Readable(entries=("everyone",), forbidden_documents=("other",))) == {("o'brien", 0): "c0"}
    assert found(Readable(entries=())) == {}
    assert found(Readable(entries=("everyone",)), []) == {}


def test_few_readable_chunks_are_scanned_and_so_is_a_table_that_has_shrunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PROBES", 1)
    rows = [chunk(f"{n:04}", "river", acl=("everyone", *["group:few"] * (n % 50 == 0))) for n in range(5_000)]
    table = Store(tmp_path).db.create_table(CHUNKS, chunks(*rows))
    table.create_index("vector", config=IvfRq(distance_type="cosine", num_partitions=32))

    def nearest(entry: str) -> bool:
        mine = [row for row in rows if entry in row["acl"]]
        right = sorted(mine, key=lambda row: -float(np.dot(row["vector"], QUESTION)))[:50]
        found = Passages(table).vector_leg(QUESTION, Readable(entries=(entry,)), 50)
        return set(ids(found)) == {row["chunk_id"] for row in right}

    assert nearest("everyone")
    monkeypatch.setattr(search, "EXACT_ROWS", 500)
    assert nearest("group:few")
    assert not nearest("everyone")
    monkeypatch.setattr(search, "FEW_ROWS", 0)
    assert not nearest("group:few")


@both_ways
def test_both_legs_together_are_the_legs_alone(store: Store, release: Publisher) -> None:
    rows = [chunk(f"c{n:03}", f"river {n % 7} level {n % 3}", of=f"d{n % 5}") for n in range(150)]
    release(document("a"), chunk_rows=tuple(rows))
    passages, readable = Passages(store.open(CHUNKS)), Readable(entries=("everyone",))
    vector, keyword = passages.both_legs("river level 2", lambda: QUESTION, readable, 20)

    assert vector.equals(passages.vector_leg(QUESTION, readable, 20))
    assert keyword.equals(passages.keyword_leg("river level 2", readable, 20))
    assert [leg.num_rows for leg in (vector, keyword)] == [20, 20]


@pytest.mark.parametrize("fails", [False, True])
def test_a_table_that_is_read_beside_its_questions_answers_before_and_after_alike(
    store: Store, release: Publisher, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    monkeypatch.setattr(search, "EXACT_ROWS", 0)
    monkeypatch.setattr(search, "FEW_ROWS", 0)
    rows = [{**chunk(f"c{n:03}", f"river {n % 7}", of=f"d{n % 5}"), "ordinal": n // 5} for n in range(300)]
    release(document("a"), chunk_rows=tuple(rows))
    begun: list[Callable[[], object]] = []
    reading: Future[object] = Future()
    monkeypatch.setattr(search, "in_background", lambda make: begun.append(make) or reading)
    passages, readable = Passages(store.open(CHUNKS)), Readable(entries=("everyone",))
    places = [("d1", 3), ("d2", 8)]

    def asked() -> tuple[object, ...]:
        vector, keyword = passages.both_legs("river 2", lambda: QUESTION, readable, 20)
        return vector.to_pylist(), keyword.to_pylist(), passages.chunks_at(places, readable)

    before = [asked() for _ in range(search.QUESTIONS)]
    assert len(begun) == 1
    if fails:
        reading.set_exception(OSError("the disk is gone"))
    else:
        reading.set_result(begun[0]())

    assert [asked() for _ in range(2)] == [before[0]] * 2
    assert before == [before[0]] * search.QUESTIONS
    assert len(begun) == 1


@both_ways
def test_the_token_signs_and_vectors_of_what_was_found_come_in_its_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_signs, "EXACT_ROWS", search.EXACT_ROWS)
    rows = [
        {**chunk(f"c{n}", "river", of=f"d{n % 3}"), "ordinal": n, "token_signs": bytes([n])} for n in range(9)
    ]
    schema = embedded_chunk(DIMENSION, token_signs=True)
    change = TableChange(
        key="chunk_id", schema=schema, upserts=lambda: [pa.Table.from_pylist(rows, schema=schema)]
    )
    publish(store, Publication(changes={CHUNKS: change}, indexes={}, kind="ingest", created_at=NOW))
    passages, everyone = Passages(store.open(CHUNKS)), Readable(entries=("everyone",))
    found = passages.both_legs("river", lambda: QUESTION, everyone, 9)[0].to_pylist()

    assert passages.token_signs(found) == [bytes([row["ordinal"]]) for row in found]
    assert passages.token_signs([]) == []
    assert passages.vectors(found) == pytest.approx(
        np.array([rows[row["ordinal"]]["vector"] for row in found])
    )
