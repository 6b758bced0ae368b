"""Facts from PostgreSQL: one query, copied out in binary and streamed as Arrow (ADBC)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from infra.features import Reading, since_cursor
from infra.features.plain import in_plain_types, plain_schema
from schemas.errors import ConfigError, SourceError, UnavailableError
from schemas.feature import FeatureSection, SqlOptions

BATCH_BYTES = 4 * 1024**2
"""Rows read at once; the default of 16 MB holds several copies of that."""
CONNECT_S = 10
SCHEMES = ("postgresql://", "postgres://")
SECRET = re.compile(r"(://[^/\s:@]*:)[^/\s@]*@|(password=)[^&\s]*")


class PostgresFacts:
    """What a query of a PostgreSQL database answers."""

    def __init__(self, options: SqlOptions, cursor: str | None) -> None:
        if not options.url.startswith(SCHEMES):
            raise ConfigError(
                f"a feature's url begins with {options.url.partition(':')[0][:20]!r}, not postgresql://",
                fix="give a PostgreSQL url, or use `type: parquet` or `csv`",
            )
        self._url, self._query, self._cursor = options.url, options.query, cursor

    @contextmanager
    def read(self, since: str | None) -> Iterator[Reading]:
        """Run the query in one read-only transaction, so that all rows are of one moment."""
        from adbc_driver_manager import OperationalError

        try:
            connection = self._connected()
        except OperationalError as problem:
            raise UnavailableError(
                f"the database does not answer: {_told(problem)}",
                fix="check its address, its name and the password in the environment",
            ) from None
        with connection, connection.cursor() as cursor:
            yield self._reading(cursor, since)

    def _connected(self) -> Any:
        from adbc_driver_postgresql import dbapi

        url = self._url
        if "connect_timeout" not in url:
            url += f"{'&' if '?' in url else '?'}connect_timeout={CONNECT_S}"
        return dbapi.connect(url)

    def _reading(self, cursor: Any, since: str | None) -> Reading:
        import adbc_driver_manager

        try:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            cursor.execute(since_cursor(self._query, self._cursor, since))
            reader = cursor.fetch_record_batch()
        except adbc_driver_manager.Error as problem:
            raise SourceError(
                f"the database refused the query: {_told(problem)}",
                fix="try the query in psql; with a cursor it is asked as SELECT * FROM (query) WHERE ...",
            ) from None
        return Reading(schema=plain_schema(reader.schema), batches=_batches(reader))


def open_sql(section: FeatureSection, _root: Path) -> PostgresFacts:
    """Open a feature of type `sql`."""
    return PostgresFacts(SqlOptions.model_validate(section.options), section.cursor)


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    import adbc_driver_manager

    try:
        for batch in reader:
            yield in_plain_types(batch)
    except (adbc_driver_manager.Error, OSError) as problem:
        raise UnavailableError(
            f"the database stopped answering: {_told(problem)}", fix="run it again; it goes on where it can"
        ) from None


def _told(problem: Exception) -> str:
    """Return the first line of what a driver says, without a password it may repeat."""
    line = next(iter(str(problem).strip().splitlines()), type(problem).__name__)
    return SECRET.sub(lambda match: (match.group(1) or match.group(2)) + "***", line)[:300]
