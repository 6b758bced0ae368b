"""Lengths: a row is as long as what is written of it, whatever else its example knows."""

from typing import Any

import pytest

from tests.transforms.datasets.examples import Words
from transforms.datasets.lengths import Lengths


@pytest.mark.parametrize(
    ("row", "tokens"),
    [
        ({"text": "one two three"}, 3),
        (
            {"messages": [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "three"}]},
            3,
        ),
        ({"conversations": [{"from": "human", "value": "one"}], "system": "two"}, 2),
        ({"prompt": [{"role": "user", "content": "one"}], "completion": "two", "label": True}, 2),
        ({"question": "one", "answers": ["two", "three four"]}, 4),
        ({"anchor": "one", "positive": "two three", "negative_1": "four"}, 4),
        ({"_id": "0a1b", "text": "one two"}, 2),
    ],
)
def test_every_text_of_a_row_is_counted_once_and_nothing_else(row: dict[str, Any], tokens: int) -> None:
    lengths = Lengths(tokenizer=Words(), counter="words")
    lengths.add(row)
    assert lengths.told() == {
        "tokenizer": "words", "total": tokens, "p50": tokens, "p95": tokens, "p99": tokens, "max": tokens
    }  # fmt: skip


def test_no_rows_have_no_lengths() -> None:
    assert Lengths(tokenizer=Words(), counter="words").told() == {"tokenizer": "words", "total": 0}
