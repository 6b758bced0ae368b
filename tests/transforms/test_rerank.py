"""A closer reading changes the order of the best hits and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.hits import hit
from transforms.rank import Hit, ranked
from transforms.rerank import by_reading, read_with

scores = st.lists(st.floats(-5, 5), max_size=8)


def hits() -> list[Hit]:
    return ranked(hit(f"c{n}", f"text {n}", similarity=0.9 - n / 20) for n in range(8))


@settings(deadline=None)
@given(scores)
def test_the_best_reading_comes_first_and_what_was_not_read_stays_behind(read: list[float]) -> None:
    before = hits()
    after = by_reading(before, read)

    assert {one.chunk_id for one in after} == {one.chunk_id for one in before}
    assert [one.chunk_id for one in after[len(read) :]] == [one.chunk_id for one in before[len(read) :]]
    assert [one.score for one in after] == [one.score for one in before]
    told = [one.reranked for one in after[: len(read)]]
    assert told == sorted(read, reverse=True)


def test_equal_readings_are_ordered_by_chunk_id() -> None:
    assert [one.chunk_id for one in by_reading(hits()[::-1], [1.0] * 8)] == [f"c{n}" for n in range(8)]


def test_it_reads_the_title_and_the_text() -> None:
    assert read_with(hits()[:1])[0].endswith("text 0")
