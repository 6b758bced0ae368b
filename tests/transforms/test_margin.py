import pyarrow as pa
import pytest

from transforms.margin import weight_by_margin


def leg(*scores: float) -> pa.Table:
    return pa.table({"score": pa.array(scores, pa.float64())})


@pytest.mark.parametrize(
    ("scores", "weight"),
    [
        ((0.9, *[0.65] * 9), 0.7),
        ((0.9, *[0.1] * 9), 0.7),
        ((0.9, *[0.725] * 9), 0.6),
        ((0.9, *[0.8] * 9), 0.5),
        ((0.9, *[0.85] * 9, 0.1), 0.5),  # how far the eleventh is says nothing
        ((0.9, 0.3), 0.7),
        ((0.9,), 0.5),
        ((), 0.5),
    ],
)
def test_the_further_the_nearest_stands_out_the_more_the_vector_leg_weighs(
    scores: tuple[float, ...], weight: float
) -> None:
    assert weight_by_margin(leg(*scores), vector_weight=0.5, margin_weight=0.4) == pytest.approx(weight)


def test_a_leg_that_alone_counts_or_does_not_count_stays_so() -> None:
    clear = leg(0.9, *[0.1] * 9)

    assert weight_by_margin(clear, vector_weight=0.0, margin_weight=0.4) == 0.0
    assert weight_by_margin(clear, vector_weight=1.0, margin_weight=0.4) == 1.0
    assert weight_by_margin(clear, vector_weight=0.3, margin_weight=0.0) == 0.3
