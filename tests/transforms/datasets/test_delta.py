"""Delta: two lineages, and what lies between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.datasets.delta import Retraction, Standing, delta_between, why

ALL = Standing(documents={"d", "e"}, chunks={"c", "f"}, closed=())


def use(row: str, *, text: str = "t", split: str = "train", line: int = 1, document: str = "d",
        chunk: str = "c") -> dict[str, object]:  # fmt: skip
    return {"row_id": row, "row_hash": text, "split": split, "line": line, "document_id": document,
            "chunk_id": chunk}  # fmt: skip


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing(documents={"d"}, chunks={"c"}, closed={"d"}, erased={"d"}), Retraction.ERASED),
        (Standing(documents=(), chunks=(), closed={"d"}), Retraction.DELETED),
        (Standing(documents={"d"}, chunks=(), closed={"d"}), Retraction.CLOSED),
        (Standing(documents={"d"}, chunks=(), closed=()), Retraction.CHANGED),
        (ALL, Retraction.REFUSED),
    ],
)
def test_the_gravest_reason_is_told(standing: Standing, reason: Retraction) -> None:
    assert why([use("r")], standing) == reason


def test_a_row_that_is_written_another_way_is_taken_back_and_added() -> None:
    delta = delta_between([use("r")], [use("r", text="other", line=4)], ALL)
    assert [(row.row_id, row.line) for row in delta.added] == [("r", 4)]
    assert [(row.row_id, row.line, row.why) for row in delta.retracted] == [("r", 1, "refused")]
    moved = delta_between([use("r")], [use("r", split="test")], ALL)
    assert (len(moved.added), len(moved.retracted)) == (1, 1)


def test_a_row_that_only_moved_to_another_line_is_the_same() -> None:
    delta = delta_between([use("r")], [use("r", line=9)], ALL)
    assert (delta.added, delta.retracted) == ((), ())


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)))
def test_what_was_there_less_what_is_taken_back_and_with_what_is_added_is_what_is_there(
    old: set[int], new: set[int]
) -> None:
    before = [use(str(n), line=n) for n in sorted(old)]
    after = [use(str(n), line=n) for n in sorted(new)]
    delta = delta_between(before, after, ALL)
    taken, given_ = {int(r.row_id) for r in delta.retracted}, {int(r.row_id) for r in delta.added}
    assert (old - taken) | given_ == new
    assert not taken & new
