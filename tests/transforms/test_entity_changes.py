"""What a reading changes: staged rows against released ones."""

from __future__ import annotations

import pyarrow as pa

from transforms.entity_changes import RELEASED, STAGED, compare_rows


def staged(*rows: tuple[str, str, str]) -> pa.Table:
    """Rows as (run, id, hash), numbered as they were read."""
    told = [
        {"n": n, "run_id": run, "row_id": one, "row_hash": said, "entity": one[0]}
        for n, (run, one, said) in enumerate(rows)
    ]
    return pa.Table.from_pylist(told, schema=STAGED)


def released(*rows: tuple[str, str]) -> pa.Table:
    told = [{"row_id": one, "row_hash": said, "entity": one[0]} for one, said in rows]
    return pa.Table.from_pylist(told, schema=RELEASED)


def test_each_row_is_added_updated_same_or_absent() -> None:
    found = compare_rows(
        staged(("r", "a1", "x"), ("r", "b1", "y"), ("r", "c1", "z")),
        released(("b1", "old"), ("c1", "z"), ("d1", "w")),
    )

    sides = {
        name: getattr(found, name)["row_id"].to_pylist() for name in ("added", "updated", "same", "absent")
    }
    assert sides == {"added": ["a1"], "updated": ["b1"], "same": ["c1"], "absent": ["d1"]}
    assert found.rows == {"added": 1, "updated": 1, "same": 1, "conflicting": 0, "absent": 0}
    assert found.absent["entity"].to_pylist() == ["d"]


def test_rows_that_say_the_same_are_one_and_rows_that_differ_are_conflicting() -> None:
    found = compare_rows(
        staged(("r", "a1", "x"), ("r", "a1", "x"), ("r", "b1", "y"), ("r", "b1", "z")), released(("b1", "y"))
    )

    assert found.added["n"].to_pylist() == [0]
    assert found.conflicting["row_id"].to_pylist() == ["b1"]
    assert (found.rows["added"], found.rows["conflicting"]) == (2, 2)


def test_what_was_read_again_after_a_crash_counts_as_it_was_read_last() -> None:
    found = compare_rows(staged(("b", "a1", "old"), ("b", "c1", "x"), ("a", "a1", "new")), released())

    assert sorted(found.added["n"].to_pylist()) == [1, 2]
    assert not found.conflicting.num_rows


def test_nothing_read_changes_nothing() -> None:
    assert not compare_rows(staged(), released(("a1", "x")))
