"""Privacy: placeholders in every text of a row, or no row."""

from __future__ import annotations

from schemas.context import Message
from schemas.dataset import Example, Refused
from tests.transforms.datasets.examples import example
from transforms.datasets.sieves.privacy import privacy
from transforms.personal import Redactor, finder

ROW = example(
    "a",
    "Who is ann@lake.example?",
    "Ann, ann@lake.example.",
    rejected=(Message(role="assistant", content="bob@lake.example"),),
    columns={"text": "ann@lake.example", "n": 3},
)


def redactor() -> Redactor:
    return Redactor(find=finder(), key=b"k")


def test_every_text_of_a_row_is_written_anew() -> None:
    sieve = privacy("redact", redactor())
    assert sieve is not None
    left = sieve(ROW)
    assert isinstance(left, Example)
    assert "lake" not in repr((left.messages, left.rejected, left.columns))
    assert left.columns is not None
    assert left.columns["n"] == 3
    mark = left.columns["text"]
    assert left.messages[0].content == f"Who is {mark}?"
    assert mark not in left.rejected[0].content
    assert (left.row_id, left.uses) == (ROW.row_id, ROW.uses)


def test_a_row_is_refused_with_what_was_found_and_not_with_what_it_says() -> None:
    sieve = privacy("refuse", redactor())
    assert sieve is not None
    left = sieve(ROW)
    assert isinstance(left, Refused)
    assert (left.reason, left.because) == ("personal", "EMAIL")
    assert sieve(example("b", "Why?", "No.")) == example("b", "Why?", "No.")


def test_what_is_kept_needs_no_sieve() -> None:
    assert privacy("keep", redactor()) is None
