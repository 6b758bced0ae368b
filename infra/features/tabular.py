"""Facts from Parquet and CSV files, read by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.features import Reading, since_cursor
from infra.features.plain import in_plain_types, plain_schema
from schemas.errors import SourceError, UnavailableError
from schemas.feature import FeatureSection, TabularOptions

BATCH_ROWS = 5_000
LIMITS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "512MB", "threads": 2}
"""Sorting by a cursor spills to disk beyond this."""


class TabularFacts:
    """The rows of all files of a path or glob."""

    def __init__(self, section: FeatureSection, options: TabularOptions, root: Path) -> None:
        self._type, self._cursor = section.type, section.cursor
        self._entity, self._time = section.entity, section.time
        self._query = options.query
        self._place = options.uri if "://" in options.uri else str(root / options.uri)

    @contextmanager
    def read(self, since: str | None) -> Iterator[Reading]:
        """Read the files; a missing one is an error, never an empty table."""
        import duckdb

        with duckdb.connect(config=LIMITS) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            try:
                self._rows(connection).create_view("rows")
                text_time = self._type == "csv" and self._cursor == self._time
                asked = since_cursor(self._query, self._cursor, since, text_time=text_time)
                found = connection.sql(asked)
                reader = found.to_arrow_reader(BATCH_ROWS)
            except duckdb.IOException as problem:
                raise UnavailableError(
                    f"{self._place!r} cannot be read: {_told(problem)}", fix="check the path and its rights"
                ) from None
            except duckdb.Error as problem:
                raise SourceError(
                    f"{self._place!r} cannot be read: {_told(problem)}",
                    fix="check the file and the feature's `query`",
                ) from None
            yield Reading(schema=plain_schema(reader.schema), batches=self._batches(reader))

    def _rows(self, connection: Any) -> Any:
        """Times and keys in CSV stay text: a missing time zone must be seen, and 007 is no 7."""
        if self._type == "parquet":
            return connection.read_parquet(self._place, union_by_name=True)
        rows = connection.read_csv(self._place, sample_size=-1, union_by_name=True, header=True)
        text = {name: "VARCHAR" for name in (self._entity, self._time) if name in rows.columns}
        return connection.read_csv(self._place, sample_size=-1, union_by_name=True, header=True, dtype=text)

    def _batches(self, reader: Any) -> Iterator[Any]:
        import duckdb

        try:
            for batch in reader:
                yield in_plain_types(batch)
        except (duckdb.Error, OSError) as problem:
            raise SourceError(
                f"{self._place!r} cannot be read: {_told(problem)}", fix="mend the file, then run it again"
            ) from None


def open_tabular(section: FeatureSection, root: Path) -> TabularFacts:
    """Open a feature of type `parquet` or `csv`."""
    return TabularFacts(section, TabularOptions.model_validate(section.options), root)


def _told(problem: Exception) -> str:
    return next(iter(str(problem).strip().splitlines()), type(problem).__name__)[:300]
