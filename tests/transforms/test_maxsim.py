"""What a passage gains for tokens that are like the question's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.token_signs import pack
from schemas.tools import EncodedQuestion
from tests.transforms.hits import hit, unit_vectors
from transforms.maxsim import add_maxsim, maxsim, token_weights

WIDTH = 64
SEEDS = st.integers(0, 2**32 - 1)


def vectors(seed: int, tokens: int) -> np.ndarray:
    return unit_vectors(seed, tokens, WIDTH)


def asked(tokens: np.ndarray) -> EncodedQuestion:
    return EncodedQuestion(vector=tokens.mean(axis=0), tokens=tokens, spans=((0, 1),) * len(tokens))


def slowly(tokens: np.ndarray, weights: np.ndarray, passage: np.ndarray) -> float:
    total = 0.0
    for token, weight in zip(tokens, weights, strict=True):
        cosines = [float(token @ np.where(other > 0, 1, -1)) / np.sqrt(WIDTH) for other in passage]
        total += weight * max(cosines)
    return total / float(weights.sum())


@given(SEEDS, st.integers(1, 6), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_it_is_the_weighed_mean_of_each_tokens_nearest(seed: int, tokens: int, lengths: list[int]) -> None:
    question = vectors(seed, tokens)
    weights = np.random.default_rng(seed).uniform(0.2, 1, tokens).astype(np.float32)
    passages = [vectors(seed + 1 + n, length) for n, length in enumerate(lengths)]

    found = maxsim(asked(question), weights, [pack(passage) for passage in passages])

    assert found == pytest.approx([slowly(question, weights, one) for one in passages], abs=1e-5)


@given(SEEDS, st.lists(st.integers(1, 9), min_size=2, max_size=6))
def test_a_passages_score_does_not_depend_on_those_beside_it(seed: int, lengths: list[int]) -> None:
    question, weights = asked(vectors(seed, 4)), np.ones(4, np.float32)
    signs = [pack(vectors(seed + 1 + n, length)) for n, length in enumerate(lengths)]

    together = maxsim(question, weights, signs)

    assert together == [maxsim(question, weights, [one])[0] for one in signs]


def test_a_passage_that_says_a_word_of_the_question_comes_nearer_to_it() -> None:
    question = vectors(1, 3)
    with_one, without = np.vstack([vectors(2, 5), question[1:2]]), vectors(2, 6)

    near, far = maxsim(asked(question), np.ones(3, np.float32), [pack(with_one), pack(without)])

    assert near > far


def test_a_token_without_weight_counts_nothing() -> None:
    question = vectors(1, 3)
    only_the_second = np.array([0, 2, 0], np.float32)

    found = maxsim(asked(question), only_the_second, [pack(question[1:2]), pack(question[:1])])

    assert found == maxsim(
        asked(question[1:2]), np.ones(1, np.float32), [pack(question[1:2]), pack(question[:1])]
    )
    assert maxsim(asked(question), np.zeros(3, np.float32), [pack(question)]) == [0.0]


def test_a_token_that_weighs_next_to_nothing_is_not_looked_for() -> None:
    question, signs = vectors(1, 2), [pack(vectors(2, 6))]

    found = maxsim(asked(question), np.array([1, 0.04], np.float32), signs)

    assert found == maxsim(asked(question[:1]), np.ones(1, np.float32), signs)


def test_every_token_of_a_word_weighs_as_the_word_is_rare_and_what_is_in_no_word_nothing() -> None:
    question = "Is Quayle's ferry late?"
    spans = ((0, 0), (0, 2), (3, 7), (7, 9), (9, 10), (10, 11), (12, 17), (18, 22), (22, 23), (0, 0))
    rarity = {"is": 0.1, "quayle": 3.0, "s": 0.2, "ferry": 1.0, "late": 2.0}

    weights = token_weights(question, spans, rarity)

    assert weights.tolist() == pytest.approx([0, 0.1, 3, 3, 0, 0.2, 1, 2, 0, 0])


def test_the_best_of_those_compared_gains_the_weight_the_worst_and_the_others_nothing() -> None:
    hits = [hit(name, "text", similarity=0.5) for name in "abcd"]

    found = add_maxsim(hits, {"a": 0.2, "b": 0.3, "c": 0.4}, weight=0.6)

    assert [(one.chunk_id, one.maxsim) for one in found] == [
        ("c", 0.6),
        ("b", pytest.approx(0.3)),
        ("a", 0.0),
        ("d", 0.0),
    ]
    assert found[0].score == pytest.approx(1.1)


@pytest.mark.parametrize("scores", [{}, {"a": 0.4}, {"a": 0.4, "b": 0.4}])
def test_where_none_is_nearer_than_another_nothing_is_gained(scores: dict[str, float]) -> None:
    hits = [hit(name, "text", similarity=0.5) for name in "ab"]

    assert add_maxsim(hits, scores, weight=0.6) == hits
    assert add_maxsim(hits, {"a": 0.1, "b": 0.4}, weight=0.0) == hits
