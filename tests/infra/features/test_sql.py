"""Facts from PostgreSQL: its types, its errors, and nothing but reading."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from infra.features import open_feature
from schemas.errors import ConfigError, SourceError, UnavailableError
from schemas.feature import FeatureSection


def read(url: str, query: str, since: str | None = None, cursor: str | None = None) -> pa.Table:
    section = FeatureSection(entity="id", time="at", acl=("everyone",), url=url, query=query, cursor=cursor)  # type: ignore[call-arg]
    with open_feature("customer", section, Path()).read(since) as reading:
        return pa.Table.from_batches(list(reading.batches), schema=reading.schema)


def test_a_column_has_the_type_that_the_database_says_with_and_without_rows(database: str) -> None:
    query = """
        select 1::int as id, timestamptz '2026-01-01T12:00+02' as at, 1.5::numeric(12, 2) as exact,
            1.25::numeric as unbounded, 2.5::float8 as near, true as yes, 'x'::varchar(3) as word,
            '{"a": 1}'::jsonb as tree, array['a', null] as list, date '2026-01-01' as day,
            'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as mark, null::text as nothing
    """

    found = read(database, query)

    assert found.schema == read(database, f"select * from ({query}) as q where false").schema  # noqa: S608
    assert found.to_pylist() == [
        {
            "id": 1,
            "at": datetime(2026, 1, 1, 10, tzinfo=UTC),
            "exact": Decimal("1.50"),
            "unbounded": "1.25",
            "near": 2.5,
            "yes": True,
            "word": "x",
            "tree": '{"a": 1}',
            "list": ["a", None],
            "day": date(2026, 1, 1),
            "mark": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "nothing": None,
        }
    ]


@pytest.mark.parametrize(
    "query", ["values (1), (2), (null), (3);", "select column1 from (values (3), (2), (null), (1)) v"]
)
def test_a_cursor_reads_from_it_on_and_what_has_none(database: str, query: str) -> None:
    assert read(database, query, "2", "column1")["column1"].to_pylist() == [2, 3, None]


def test_a_cursor_cannot_leave_its_quotes(database: str) -> None:
    query = "select 'a'::text as mark"

    assert read(database, query, "' OR true --", "mark").num_rows == 1
    assert read(database, query, "z' OR 'a' = 'a", "mark").num_rows == 0


def test_a_query_cannot_write(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table kept (id int)")
    for query in ("insert into kept values (1) returning *", "delete from kept returning *"):
        with pytest.raises(SourceError):
            read(database, query)
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select nothing from nowhere", "nowhere"),
        ("select interval '1 day' as gap", "gap"),
        ("select 1 / 0 as id", "zero"),
    ],
)
def test_what_the_database_refuses_is_told_with_what_to_do(database: str, query: str, told: str) -> None:
    with pytest.raises((SourceError, UnavailableError), match=told) as problem:
        read(database, query)
    assert problem.value.fix


def test_a_database_that_is_not_there_is_unavailable_and_its_password_is_not_told() -> None:
    with pytest.raises(UnavailableError) as problem:
        read("postgresql://reader:hush@127.0.0.1:1/crm", "select 1")
    assert "hush" not in str(problem.value)
    assert problem.value.retry


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="mysql"):
        read("mysql://127.0.0.1/crm", "select 1")


def error_of(**settings: Any) -> str:
    with pytest.raises(ValueError, match="column") as problem:
        FeatureSection.model_validate(
            {"entity": "id", "time": "at", "acl": ["everyone"], "url": "u", "query": "q"} | settings
        )
    return str(problem.value)


def test_a_cursor_is_neither_the_entity_nor_the_acl() -> None:
    assert error_of(cursor="id")
    assert error_of(cursor="team", acl_column="team")
