"""What a hit gains for the scores of the hits it is most like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.hits import hit, unit_vectors
from transforms.cluster import NEAREST, SHARPNESS, add_cluster, scores_around
from transforms.rank import Hit

WIDTH = 16
SEEDS = st.integers(0, 2**32 - 1)
EAST, NORTH, UP = np.eye(3, dtype=np.float32)


def vectors(seed: int, count: int) -> np.ndarray:
    return unit_vectors(seed, count, WIDTH)


def between(one: np.ndarray, other: np.ndarray, cosine: float) -> np.ndarray:
    """Return a vector whose cosine with `one` is as given, turned towards `other`, which is square to it."""
    return np.asarray(cosine * one + np.sqrt(1 - cosine**2) * other, np.float32)


def found(scores: list[float]) -> list[Hit]:
    return [hit(f"{n:02}", "text", similarity=score) for n, score in enumerate(scores)]


@given(SEEDS, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_it_is_the_mean_of_the_nearest_scores_weighed_by_nearness(seed: int, scores: list[float]) -> None:
    these = vectors(seed, len(scores))

    def slowly(one: int) -> float:
        cosines = {n: float(these[one] @ these[n]) for n in range(len(scores)) if n != one}
        nearest = sorted(cosines, key=lambda n: -cosines[n])[:NEAREST]
        shares = [np.exp(SHARPNESS * cosines[n]) for n in nearest]
        return float(np.average([scores[n] for n in nearest], weights=shares))

    assert scores_around(these, scores) == pytest.approx([slowly(n) for n in range(len(scores))], abs=1e-3)


def test_of_two_equal_hits_the_one_like_good_ones_is_better() -> None:
    hits = found([0.9, 0.5, 0.5, 0.1])
    like_the_best, like_the_worst = between(EAST, UP, 0.9), between(NORTH, UP, 0.9)

    ordered = add_cluster(hits, np.stack([EAST, like_the_worst, like_the_best, NORTH]), weight=0.2)

    assert [one.chunk_id for one in ordered] == ["00", "02", "01", "03"]


def test_the_best_of_them_gains_the_weight_and_the_worst_nothing() -> None:
    gains = [one.cluster for one in add_cluster(found([0.9, 0.7, 0.3, 0.1]), vectors(3, 4), weight=0.2)]

    assert (max(gains), min(gains)) == (0.2, 0.0)


@given(SEEDS, st.integers(2, 12))
def test_its_own_score_does_not_count(seed: int, count: int) -> None:
    these, scores = vectors(seed, count), [n / count for n in range(count)]

    assert scores_around(these, [9.0, *scores[1:]])[0] == scores_around(these, scores)[0]


def test_a_hit_without_a_direction_is_near_to_none() -> None:
    nowhere = np.full(3, np.nan, np.float32)
    these = np.stack([EAST, between(EAST, UP, 0.9), nowhere, *[between(EAST, UP, 0.8)] * NEAREST])
    scores = [0.5, 0.5, 9.0, *[0.5] * NEAREST]

    assert scores_around(these, scores)[0] == pytest.approx(0.5)


def test_hits_beyond_those_looked_at_keep_their_scores() -> None:
    hits = found([0.9, 0.5, 0.4, 0.3])

    ordered = add_cluster(hits, np.stack([EAST, NORTH, between(NORTH, UP, 0.9)]), weight=0.2)

    assert {one.chunk_id: one.cluster for one in ordered}["03"] == 0.0


@pytest.mark.parametrize("count", [0, 1])
def test_alone_a_hit_gains_nothing(count: int) -> None:
    hits = found([0.9] * count)

    assert add_cluster(hits, vectors(1, count), weight=0.2) == hits


def test_where_all_are_as_good_or_nothing_is_weighed_nothing_is_gained() -> None:
    even, apart = found([0.5, 0.5, 0.5]), found([0.9, 0.5, 0.1])

    assert add_cluster(even, vectors(1, 3), weight=0.2) == even
    assert add_cluster(apart, vectors(1, 3), weight=0.0) == apart
