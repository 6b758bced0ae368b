"""A chunk is found by its document and its number in it, and what is not there is not found."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.store.places import Places

documents = st.text(max_size=3)
kept = st.dictionaries(st.tuples(documents, st.integers(0, 5)), st.integers(0, 2**40), max_size=30)


@settings(deadline=None)
@given(kept, st.lists(st.tuples(documents, st.integers(-1, 6)), max_size=20))
def test_rows_are_found_where_they_stand_and_nowhere_else(
    rows: dict[tuple[str, int], int], others: list[tuple[str, int]]
) -> None:
    table = pa.table(
        {
            "document_id": pa.array([document for document, _ in rows], pa.string()),
            "ordinal": pa.array([number for _, number in rows], pa.int32()),
            "_rowid": pa.array(rows.values(), pa.uint64()),
        }
    )
    asked = [*rows, *others]

    assert Places(table).rows_at(asked) == [rows[place] for place in asked if place in rows]


def test_a_document_without_numbers_is_one_row() -> None:
    table = pa.table({"document_id": ["b", "a"], "_rowid": pa.array([7, 3], pa.uint64())})

    assert Places(table).rows_at([("a", 0), ("b", 0), ("b", 1), ("c", 0)]) == [3, 7]
