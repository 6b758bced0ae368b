"""Where facts come from: one small file per kind of place, read as a stream of Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from infra.plugins import opener_of
from schemas.feature import FeatureSection

FEATURES: dict[str, str] = {
    "sql": "infra.features.sql:open_sql",
    "parquet": "infra.features.tabular:open_tabular",
    "csv": "infra.features.tabular:open_tabular",
}
"""Type -> function that opens it; a project file may also name its own function `module:name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Rows as a place gives them: in plain Arrow types, batch by batch, by the cursor where there is one."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class Facts(Protocol):
    """A place that has entities' facts."""

    def read(self, since: str | None) -> AbstractContextManager[Reading]:
        """Read the rows whose cursor is at least `since` or null, or all rows.

        Raises UnavailableError when the place does not answer, SourceError when it cannot be read.
        """
        ...


Opener = Callable[[FeatureSection, Path], Facts]


def open_feature(name: str, section: FeatureSection, root: Path) -> Facts:
    """Open the place of a feature; relative paths start at the project file's folder."""
    return opener_of(f"feature {name!r}", section.type, FEATURES)(section, root)  # type: ignore[no-any-return]


def since_cursor(query: str, cursor: str | None, since: str | None, *, text_time: bool = False) -> str:
    """Return the query with its rows from a cursor on, in the cursor's order; both engines read this SQL.

    Rows without a cursor stay in: nothing says that they did not change. `text_time`: the cursor's column is
    text that says a time.
    """
    if cursor is None:
        return query
    column = 'rows_."' + cursor.replace('"', '""') + '"'
    column = f"TRY_CAST({column} AS TIMESTAMPTZ)" if text_time else column
    literal = "'" + (since or "").replace("'", "''") + "'"
    literal += "::TIMESTAMPTZ" if text_time else ""
    where = f" WHERE {column} >= {literal} OR {column} IS NULL" if since is not None else ""
    asked = query.rstrip().rstrip(";")
    return f"SELECT * FROM ({asked}\n) AS rows_{where} ORDER BY {column}"  # noqa: S608 - the query is the project file's, the rest is quoted
