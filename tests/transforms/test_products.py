"""Products of matrices, in pieces that no other thread is started for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import products as module
from transforms.products import products

SIZES = st.integers(1, 40)


@given(SIZES, SIZES, SIZES, st.integers(1, 2_000))
def test_a_product_in_pieces_is_the_product(rows: int, others: int, width: int, most: int) -> None:
    random = np.random.default_rng(rows * others * width)
    one, other = (random.normal(size=(count, width)).astype(np.float32) for count in (rows, others))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ONE_THREAD", most)
        found = products(one, other)

    assert found.shape == (rows, others)
    assert found == pytest.approx(one.astype(float) @ other.astype(float).T, abs=1e-4)
