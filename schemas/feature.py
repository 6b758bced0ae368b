"""Features: structured facts of entities, looked up by key; and functions that are asked at request time."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pyarrow as pa
from pydantic import ConfigDict, Field, field_validator, model_validator

from schemas.document import PRIMARY_KEY, TIMESTAMP
from schemas.identity import digest
from schemas.section import AclEntry, Duration, Name, Schedule, Section, wrong, wrong_at
from schemas.settings import advice

FEATURES = "features__"
COLUMN = re.compile(r"^[^\W\d]\w{0,126}$")
IMPORTED = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")

FEATURE_ROW = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),  # hash of entity and time
        pa.field("entity", pa.string(), nullable=False),  # its key, as text
        pa.field("event_at", TIMESTAMP, nullable=False),  # since when these are its facts
        pa.field("acl", pa.list_(pa.string()), nullable=False),
        pa.field("row_hash", pa.string(), nullable=False),  # of the values and the acl
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("ingested_at", TIMESTAMP, nullable=False),
    ]
)
"""What every feature's table has; the values of its query follow, each in a typed column of its own.

One row is one entity's facts at one time.
"""


class SqlOptions(Section):
    """What a feature of type `sql` takes besides the common settings: a PostgreSQL url, and a query."""

    url: str
    query: str


class TabularOptions(Section):
    """What a feature of type `parquet` or `csv` takes besides the common settings."""

    uri: str
    """A path or a glob; relative ones start at the project file's folder."""
    query: str = "select * from rows"
    """SQL over `rows`, all rows of all files; for renaming and converting."""


FEATURE_OPTIONS: dict[str, type[Section]] = {
    "sql": SqlOptions,
    "parquet": TabularOptions,
    "csv": TabularOptions,
}
"""Built-in feature types and their own settings; any other type is an import string."""


class FeatureSection(Section):
    """A table of entities' facts, kept up to date. One without `acl` is an error: unknown means closed."""

    model_config = ConfigDict(frozen=True, extra="allow")
    type: str = "sql"
    entity: str
    """The column that names whom or what a row is about; requests name it the same."""
    time: str
    """The column that says since when the row's facts hold, with a time zone."""
    acl: Annotated[tuple[AclEntry, ...], Field(min_length=1)]
    acl_column: str | None = None
    """A column with acl entries of each row, a list or a text with commas; where it is null, `acl` holds."""
    cursor: str | None = None
    """A column that grows with each change: only rows from the last one on are read."""
    lateness: Duration | None = None
    """How far before the last cursor rows may still turn up: that much is read again."""
    max_age: Duration | None = None
    """Older facts are marked stale."""
    owner: str | None = None
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _options_fit_the_type(self) -> FeatureSection:
        if self.type in FEATURE_OPTIONS:
            FEATURE_OPTIONS[self.type].model_validate(self.options)
        elif ":" not in self.type:
            known = sorted(FEATURE_OPTIONS)
            raise wrong_at(
                ("type",),
                f"{self.type!r} is neither built in ({', '.join(known)}) nor an import string module:name",
                advice(self.type, known),
            )
        if self.cursor is not None and self.cursor in (self.entity, self.acl_column):
            raise wrong_at(("cursor",), "is the entity's or the acl's column", "name one that grows")
        if self.lateness is not None and self.cursor is None:
            raise wrong_at(("lateness",), "has no cursor to be late for", "name a `cursor`, or leave it out")
        return self

    @property
    def options(self) -> dict[str, Any]:
        """The feature type's own settings."""
        return dict(self.model_extra or {})

    @property
    def definition(self) -> str:
        """Hash of what decides the rows, apart from the place: under another one all is read again."""
        said = {name: str(value) for name, value in self.options.items() if name != "url"}
        columns = [self.entity, self.time, self.acl_column or "", self.cursor or ""]
        return digest("feature", self.type, *columns, *sorted(self.acl), str(sorted(said.items())))


def _or_text(schema: dict[str, Any]) -> None:
    section = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string", "pattern": IMPORTED.pattern}, section]


class FunctionSection(Section):
    """What is asked when a context is made: a Python function, or an HTTP address; cited with its time.

    A plain text is its `function`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_or_text)
    function: str | None = None
    """`module:function`, called with the request's entities and its question."""
    url: str | None = None
    """Fetched with the request's entities as its query: https, or http on this machine."""
    name: Name | None = None
    timeout: Duration = "2s"
    ttl: Duration = "60s"
    """How long an answer is used again for the same entities and question; `0s` asks every time."""
    fallback: str | None = None
    """What is said instead when it fails; without one, nothing is."""
    acl: Annotated[tuple[AclEntry, ...], Field(min_length=1)] = ("everyone",)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return {"function": given} if isinstance(given, str) else given

    @field_validator("function")
    @classmethod
    def _is_import_string(cls, value: str | None) -> str | None:
        if value is not None and not IMPORTED.match(value):
            raise wrong(f"{value!r} is not an import string", "write module:function")
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> FunctionSection:
        if (self.function is None) == (self.url is None):
            raise wrong("a function has either function or url", "write {function: acme.live:status}")
        if self.url is not None and self.name is None:
            raise wrong_at(("name",), "is missing", "say what the answer is called: `name: weather`")
        return self

    @property
    def label(self) -> str:
        """What its answers are called."""
        return self.name or str(self.function).rpartition(":")[2]


def table_of(feature: str) -> str:
    """Return the name of a feature's table."""
    return f"{FEATURES}{feature}"


def feature_table(values: pa.Schema) -> pa.Schema:
    """Return the schema of a feature's table with these columns of values."""
    return pa.schema([*FEATURE_ROW, *(pa.field(field.name, field.type) for field in values)])


def values_of(schema: pa.Schema) -> pa.Schema:
    """Return the columns of values that a feature's table has."""
    return pa.schema([field for field in schema if field.name not in FEATURE_ROW.names])
