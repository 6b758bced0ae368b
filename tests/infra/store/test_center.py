"""What passages have in common is told of those alone that may be read."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from infra.store import Store, center, search
from infra.store.center import aimed
from infra.store.readable import Readable
from infra.store.search import Passages
from schemas.identity import digest
from schemas.release import Release
from tests.infra.store.rows import CHUNKS, DIMENSION, chunk, document

Publisher = Callable[..., Release]
OPEN, CLOSED = Readable(entries=("everyone",)), Readable(entries=("group:hr",))
VECTORS = arrays(np.float32, 4, elements=st.floats(-1, 1, width=32))
NOTHING = np.zeros(DIMENSION, np.float32)


def named(count: int, acl: tuple[str, ...]) -> list[dict[str, object]]:
    return [chunk(digest("chunk", acl[0], n), "river", acl=acl) for n in range(count)]


def mean(rows: list[dict[str, object]]) -> np.ndarray:
    vectors = np.array([row["vector"] for row in rows], np.float32)
    return np.asarray((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).mean(axis=0))


@pytest.fixture(params=["in memory", "in the store"])
def wherever(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in the store":
        monkeypatch.setattr(search, "EXACT_ROWS", 0)


@pytest.mark.usefixtures("wherever")
def test_the_center_is_of_what_may_be_read_alone(store: Store, release: Publisher) -> None:
    mine, theirs = named(200, ("everyone",)), named(150, ("group:hr",))
    release(document("a"), chunk_rows=(*mine, *theirs))
    passages = Passages(store.open(CHUNKS))

    assert np.allclose(passages.center(OPEN), mean(mine), atol=1e-6)
    assert np.allclose(passages.center(CLOSED), mean(theirs), atol=1e-6)


@pytest.mark.usefixtures("wherever")
def test_of_few_passages_there_is_no_center(store: Store, release: Publisher) -> None:
    release(document("a"), chunk_rows=(*named(200, ("everyone",)), *named(center.LEAST - 1, ("group:hr",))))
    passages = Passages(store.open(CHUNKS))

    assert passages.center(CLOSED).tolist() == NOTHING.tolist()
    assert passages.center(Readable(entries=())).tolist() == NOTHING.tolist()


@pytest.mark.usefixtures("wherever")
def test_of_a_large_table_the_first_ids_are_the_sample_wherever_they_stand(
    store: Store, release: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(center, "SAMPLE", 256)
    rows = named(2_000, ("everyone",))
    first = sorted(rows, key=lambda row: str(row["chunk_id"]))[:256]
    release(document("a"), chunk_rows=tuple(rows))

    assert np.allclose(Passages(store.open(CHUNKS)).center(OPEN), mean(first), atol=1e-6)


def test_a_passage_without_a_direction_counts_for_nothing(store: Store, release: Publisher) -> None:
    rows = named(200, ("everyone",))
    rows[0]["vector"] = NOTHING.tolist()
    release(document("a"), chunk_rows=tuple(rows))

    assert np.allclose(Passages(store.open(CHUNKS)).center(OPEN), mean(rows[1:]), atol=1e-6)


@pytest.mark.usefixtures("wherever")
def test_a_score_is_the_similarity_less_what_a_passage_is_more_like_all_others(
    store: Store, release: Publisher
) -> None:
    rows = named(300, ("everyone",))
    release(document("a"), chunk_rows=tuple(rows))
    question, common = np.eye(DIMENSION, dtype=np.float32)[0], mean(rows)
    leg = Passages(store.open(CHUNKS)).vector_leg(question, OPEN, 20, center_weight=0.3)
    vectors = {row["chunk_id"]: mean([row]) for row in rows}
    said = {i: float(v @ question - 0.3 * (v @ common - common @ common)) for i, v in vectors.items()}

    assert leg["chunk_id"].to_pylist() == sorted(said, key=lambda i: -said[i])[:20]
    assert np.allclose(leg["score"], sorted(said.values(), reverse=True)[:20], atol=1e-5)


@given(
    question=VECTORS,
    center=VECTORS,
    weight=st.floats(0, 1),
    passages=st.lists(VECTORS, min_size=2, max_size=9),
)
def test_asked_with_one_vector_passages_score_as_with_both(
    question: np.ndarray, center: np.ndarray, weight: float, passages: list[np.ndarray]
) -> None:
    assume(np.linalg.norm(question) > 1e-3)
    question = question / np.linalg.norm(question)
    assume(np.linalg.norm(question - weight * center) > 1e-3)  # what is left of it has a direction
    one = aimed(question, center, weight=weight)
    plain = pa.table({"score": [float(one.vector @ v) for v in passages]})
    both = [float(question @ v - weight * (center @ v - center @ center)) for v in passages]

    assert np.allclose(one.similar(plain)["score"], both, atol=1e-4)


def test_without_a_center_or_a_weight_a_question_is_as_it_was() -> None:
    question = np.full(DIMENSION, 0.5, np.float32)

    assert aimed(question, NOTHING, weight=0.3) == (question, 1.0, 0.0)
    assert aimed(question, question, weight=0.0) == (question, 1.0, 0.0)


def test_how_long_a_questions_vector_is_does_not_matter() -> None:
    question, center = np.array([0.6, 0.8], np.float32), np.array([0.2, 0.1], np.float32)
    long, unit = (aimed(vector, center, weight=0.2) for vector in (5 * question, question))

    assert np.allclose(long.vector, unit.vector)
    assert long[1:] == pytest.approx(unit[1:])


def test_a_question_that_is_all_that_passages_have_in_common_stays() -> None:
    question = np.eye(DIMENSION, dtype=np.float32)[0]

    assert aimed(question, question, weight=1.0) == (question, 1.0, 0.0)


@pytest.mark.usefixtures("wherever")
def test_a_question_asked_again_has_the_same_legs(store: Store, release: Publisher) -> None:
    release(document("a"), chunk_rows=tuple(named(300, ("everyone",))))
    passages, question = Passages(store.open(CHUNKS)), np.eye(DIMENSION, dtype=np.float32)[1]
    first, again = (
        passages.both_legs("river", lambda: question, OPEN, 20, center_weight=0.2)[0] for _ in range(2)
    )

    assert first.equals(again)
    assert first.equals(passages.vector_leg(question, OPEN, 20, center_weight=0.2))
    assert not first.equals(passages.vector_leg(question, OPEN, 20))
