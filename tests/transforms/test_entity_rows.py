"""Entity rows: what passes, what is rejected and why, and what breaks a whole reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RefusedError
from schemas.feature import FeatureSection, feature_table
from transforms.entity_rows import RowFacts, earlier, largest, to_rows, values_read

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECTION = FeatureSection.model_validate(
    {"entity": "id", "time": "at", "acl": ["group:staff"], "acl_column": "team", "url": "u", "query": "q"}
)
VALUES = pa.schema([("limit", pa.int64())])


def batch(*rows: tuple[Any, Any, Any, Any]) -> pa.RecordBatch:
    ids, times, teams, limits = zip(*rows, strict=True)
    return pa.RecordBatch.from_pydict({"id": ids, "at": times, "team": teams, "limit": limits})


def facts(**changes: Any) -> RowFacts:
    given_ = {"feature": "customer", "section": SECTION, "values": VALUES, "run_id": "run", "now": NOW}
    return RowFacts(**given_ | changes)


def test_a_row_has_an_id_of_entity_and_time_and_a_hash_of_values_and_acl() -> None:
    rows = batch(
        ("1", "2026-01-01T00:00:00Z", "everyone", 5),
        ("1", "2026-01-01T01:00:00+01:00", "everyone", 6),
        ("1", "2026-01-01T00:00:00Z", "user:ann, group:hr", 5),
        ("1", "2026-01-01T00:00:00Z", None, 5),
    )

    passed = to_rows(rows, facts()).passed

    assert passed.schema == feature_table(VALUES)
    assert len(set(passed["row_id"].to_pylist())) == 1
    assert len(set(passed["row_hash"].to_pylist())) == 4
    acls = [["everyone"], ["everyone"], ["group:hr", "user:ann"], ["group:staff"]]
    assert passed["acl"].to_pylist() == acls
    other = to_rows(rows, facts(run_id="another", now=NOW + timedelta(1))).passed
    assert other["row_hash"] == passed["row_hash"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((None, NOW, None, 1), "no_entity"),
        (("  ", NOW, None, 1), "no_entity"),
        (("1", None, None, 1), "bad_time"),
        (("1", "yesterday", None, 1), "bad_time"),
        (("1", "2026-01-01T00:00:00", None, 1), "bad_time"),
        (("1", NOW + timedelta(days=2), None, 1), "future_time"),
        (("1", NOW, "hr", 1), "bad_acl"),
        (("1", NOW, None, "many"), "bad_value"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_the_next_one_passes(row: Any, reason: str) -> None:
    good = {"id": "2", "at": row[1], "team": None, "limit": "7"}
    bad = dict(zip(good, row, strict=True))
    if reason in ("bad_time", "future_time"):
        good["at"] = "2026-01-01T00:00:00Z" if isinstance(row[1], str | None) else NOW

    found = to_rows(pa.RecordBatch.from_pylist([bad, good | {"limit": type(row[3])(7)}]), facts())

    assert [one["reason"] for one in found.rejected.to_pylist()] == [reason]
    assert found.passed["entity"].to_pylist() == ["2"]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.none() | st.text(), st.none() | st.text(), st.none() | st.text(), st.integers(0, 9))
    )
)
def test_every_row_passes_or_is_rejected(rows: list[tuple[Any, ...]]) -> None:
    schema = pa.schema(
        [("id", pa.string()), ("at", pa.string()), ("team", pa.string()), ("limit", pa.int64())]
    )
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 4
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]

    found = to_rows(pa.RecordBatch.from_arrays(arrays, schema=schema), facts())

    assert found.passed.num_rows + found.rejected.num_rows == len(rows)


@pytest.mark.parametrize("name", ["entity", "row_hash", "two words", "a.b", "1st"])
def test_a_name_that_cannot_be_a_column_is_refused_with_what_to_write(name: str) -> None:
    schema = pa.schema([("id", pa.string()), ("at", pa.string()), ("team", pa.string()), (name, pa.int64())])

    with pytest.raises(RefusedError, match="cannot be a column") as problem:
        values_read(SECTION, schema, None)
    assert "AS" in problem.value.fix


def test_a_column_that_the_settings_name_must_be_there() -> None:
    with pytest.raises(RefusedError, match="no column 'team', which is the feature's `acl_column`"):
        values_read(SECTION, pa.schema([("id", pa.string()), ("at", pa.string())]), None)


def test_the_largest_cursor_is_never_after_now() -> None:
    at = pa.array([NOW - timedelta(1), NOW + timedelta(hours=5), None], pa.timestamp("us", tz="UTC"))
    rows = pa.table({"at": at, "n": [1, 3, 2], "none": pa.array([None] * 3, pa.int64())})

    assert largest(rows, "at", NOW) == NOW.isoformat()
    assert largest(rows, "n", NOW) == "3"
    assert largest(rows, "none", NOW) is None


def test_lateness_needs_a_time() -> None:
    assert earlier(NOW.isoformat(), 3600) == (NOW - timedelta(hours=1)).isoformat()
    assert earlier("42", 0) == "42"
    with pytest.raises(RefusedError, match="lateness"):
        earlier("42", 60)
