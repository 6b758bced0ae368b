"""Facts from Parquet and CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.features import open_feature
from schemas.errors import ConfigError, SourceError, UnavailableError
from schemas.feature import FeatureSection

CSV = "customer_id,updated_at,tier\n001,2026-01-01 00:00:00,gold\n2,2026-01-02T00:00:00+02:00,silver\n"


def rows(root: Path, since: str | None = None, **settings: Any) -> list[dict[str, Any]]:
    section = FeatureSection(entity="customer_id", time="updated_at", acl=("everyone",), **settings)
    with open_feature("customer", section, root).read(since) as reading:
        return pa.Table.from_batches(list(reading.batches), schema=reading.schema).to_pylist()


def test_all_files_of_a_glob_are_read_and_times_in_csv_stay_as_written(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.csv").write_text("customer_id,updated_at,tier\n3,2026-01-03T00:00:00Z,bronze\n")

    found = rows(tmp_path, type="csv", uri="*.csv")

    assert [row["updated_at"] for row in found] == [
        "2026-01-01 00:00:00",
        "2026-01-02T00:00:00+02:00",
        "2026-01-03T00:00:00Z",
    ]
    assert [row["customer_id"] for row in found] == ["001", "2", "3"]


def test_a_cursor_in_csv_is_compared_as_a_time(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV + "3,,bronze\n")

    found = rows(tmp_path, "2026-01-01T12:00:00+00:00", type="csv", uri="a.csv", cursor="updated_at")

    assert [row["customer_id"] for row in found] == ["2", "3"]


def test_a_query_renames_and_converts(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1], "at": pa.array([0], pa.timestamp("ns")), "Annual Tier": ["gold"]}),
                   tmp_path / "a.parquet")  # fmt: skip
    query = (
        """select id as customer_id, timezone('UTC', "at") as updated_at, "Annual Tier" as tier from rows"""
    )

    found = rows(tmp_path, type="parquet", uri="a.parquet", query=query)

    assert (found[0]["customer_id"], found[0]["updated_at"].isoformat()) == (1, "1970-01-01T00:00:00+00:00")


def test_a_file_that_is_gone_is_no_empty_table(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="No files found"):
        rows(tmp_path, type="parquet", uri="none/*.parquet")


def test_what_cannot_be_read_says_what_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 this is none")
    (tmp_path / "a.csv").write_text(CSV)

    for settings in (
        {"type": "parquet", "uri": "a.parquet"},
        {"type": "csv", "uri": "a.csv", "query": "select nothing from rows"},
        {"type": "csv", "uri": "a.csv", "query": "select interval 1 day as gap from rows"},
    ):
        with pytest.raises((SourceError, UnavailableError)) as problem:
            rows(tmp_path, **settings)
        assert problem.value.fix


def test_a_type_that_cannot_be_imported_is_a_mistake_in_the_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be imported"):
        rows(tmp_path, type="acme_gone:Crm")
