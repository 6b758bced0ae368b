"""The signs of token vectors, packed and unpacked."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from schemas.token_signs import bytes_each, pack, unpack

NUMBERS = st.floats(-1, 1, width=32)


@given(st.integers(1, 20).flatmap(lambda width: st.lists(
    st.integers(1, 4).flatmap(lambda tokens: arrays(np.float32, (tokens, width), elements=NUMBERS)),
    min_size=1, max_size=4,
)))  # fmt: skip
def test_what_is_unpacked_is_which_numbers_are_positive(texts: list[np.ndarray]) -> None:
    width = texts[0].shape[1]
    packed = [pack(tokens) for tokens in texts]

    for signs, tokens in zip(packed, texts, strict=True):
        np.testing.assert_array_equal(unpack(signs, width), tokens > 0)
    assert [len(one) for one in packed] == [len(tokens) * bytes_each(width) for tokens in texts]


def test_a_token_of_the_default_model_takes_48_bytes() -> None:
    assert bytes_each(384) == 48
