"""Entity rows: what a place answers, as rows of a feature's table; a bad one is rejected, others pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.acl import is_entry
from schemas.errors import RefusedError
from schemas.feature import COLUMN, FEATURE_ROW, FeatureSection, feature_table
from schemas.identity import digest
from schemas.outcome import Outcome, rejected_row
from schemas.quarantine import REJECTED, Reason, Rejected

AHEAD = timedelta(days=1)
"""A time further ahead than this is a mistake, not a clock that is a little fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """What a reading's rows have in common."""

    feature: str
    section: FeatureSection
    values: pa.Schema
    """The columns of values that the table has; a value of another type is converted or rejected."""
    run_id: str
    now: datetime


def row_id(feature: str, entity: str, event_at: datetime) -> str:
    """Return the id of an entity's facts at a time."""
    return digest("facts", feature, entity, event_at.astimezone(UTC).isoformat())


def values_read(section: FeatureSection, schema: pa.Schema, stored: pa.Schema | None) -> pa.Schema:
    """Return the columns of values that a reading has.

    `stored` are those the table has. Raises RefusedError when a column the feature names is not there, a
    name cannot be a column, or columns came or went.
    """
    for setting in ("entity", "time", "acl_column", "cursor"):
        column = getattr(section, setting)
        if column is not None and column not in schema.names:
            raise _broken(
                f"the rows have no column {column!r}, which is the feature's `{setting}`",
                f"name one that they have ({', '.join(schema.names)}), or mend the query",
            )
    if pa.types.is_timestamp(kind := schema.field(section.time).type) and kind.tz is None:
        raise _broken(f"times in {section.time!r} have no time zone", "write them with one, or convert them "
                      f"in the query: {section.time} AT TIME ZONE 'UTC' AS {section.time}")  # fmt: skip
    own = (section.entity, section.time, section.acl_column)
    values = pa.schema([field for field in schema if field.name not in own])
    for name in values.names:
        if name in FEATURE_ROW.names or not COLUMN.match(name) or values.names.count(name) > 1:
            raise _broken(
                f"{name!r} cannot be a column of a feature", "rename it in the query: AS another_name"
            )
    came = sorted(set(values.names) - set((stored or values).names))
    went = sorted(set((stored or values).names) - set(values.names))
    if came or went:
        told = [f"{', '.join(names)} {what}" for names, what in ((came, "came"), (went, "went")) if names]
        raise _broken(f"the columns are others than before: {'; '.join(told)}", "mend the query, or read all "
                      "of it again under the new columns with --allow-rebuild")  # fmt: skip
    return values


def to_rows(batch: pa.RecordBatch, facts: RowFacts) -> Outcome:
    """Split a batch in rows of the feature's table and rejected rows, by the order they came in."""
    columns = _converted(batch, facts)
    passed: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for row in columns:
        try:
            passed.append(_row(row, facts))
        except Rejected as verdict:
            entity, time = row.get(facts.section.entity), row.get(facts.section.time)
            rejected.append(
                rejected_row(
                    key="" if entity is None else str(entity),
                    record=None if time is None else str(time),
                    document_id=_known_id(entity, time, facts),
                    stage="read",
                    reason=verdict.reason,
                    message=verdict.message,
                )
            )
    schema = feature_table(facts.values)
    return Outcome(
        passed=pa.Table.from_pylist(passed, schema=schema),
        rejected=pa.Table.from_pylist(rejected, schema=REJECTED),
    )


class _Bad:
    """A value that its column's type does not hold."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _converted(batch: pa.RecordBatch, facts: RowFacts) -> Iterable[dict[str, Any]]:
    """Return the rows with each value in its column's type; one that does not fit is marked."""
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        wanted = facts.values.field(name).type if name in facts.values.names else column.type
        columns[name] = _cast(name, column, wanted)
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _cast(name: str, column: pa.Array, wanted: pa.DataType) -> list[Any]:
    try:
        return list((column if column.type == wanted else pc.cast(column, wanted)).to_pylist())
    except pa.ArrowNotImplementedError:
        raise _broken(
            f"column {name!r} was {wanted} and is {column.type}",
            "mend the query, or read all of it again under the new type with --allow-rebuild",
        ) from None
    except pa.ArrowInvalid:
        return [_cast_one(value, column.type, wanted) for value in column.to_pylist()]


def _cast_one(value: Any, kind: pa.DataType, wanted: pa.DataType) -> Any:
    try:
        return pc.cast(pa.array([value], kind), wanted)[0].as_py()
    except pa.ArrowInvalid:
        return _Bad(value)


def _row(row: dict[str, Any], facts: RowFacts) -> dict[str, Any]:
    section = facts.section
    entity, event_at = _entity(row[section.entity]), _time(row[section.time], facts.now)
    for name in facts.values.names:
        if isinstance(row[name], _Bad):
            kind = facts.values.field(name).type
            raise Rejected(Reason.BAD_VALUE, f"{name} is {row[name].value!r:.80}, which is not {kind}")
    acl = _acl(row.get(section.acl_column or ""), section)
    values = {name: row[name] for name in facts.values.names}
    told = json.dumps(values, default=str, ensure_ascii=False, separators=(",", ":"))
    return {
        "row_id": row_id(facts.feature, entity, event_at),
        "entity": entity,
        "event_at": event_at,
        "acl": acl,
        "row_hash": digest("values", told, *acl),
        "run_id": facts.run_id,
        "ingested_at": facts.now,
        **values,
    }


def _entity(value: Any) -> str:
    whole = (
        isinstance(value, float) and value.is_integer()
    )  # what a column of numbers becomes with a gap in it
    text = "" if value is None else str(int(value) if whole else value)
    if not text.strip() or "\x00" in text:
        raise Rejected(Reason.NO_ENTITY, "the row names no entity")
    return text


def _time(value: Any, now: datetime) -> datetime:
    if value is None:
        raise Rejected(Reason.BAD_TIME, "the row has no time")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise Rejected(Reason.BAD_TIME, f"{value!r:.80} is not a time") from None
    if not isinstance(value, datetime):
        kind = "a date without a time of day" if isinstance(value, date) else "not a time"
        raise Rejected(Reason.BAD_TIME, f"{value!r:.80} is {kind}")
    if value.tzinfo is None:
        raise Rejected(Reason.BAD_TIME, f"{value.isoformat()} has no time zone")
    if value > now + AHEAD:
        raise Rejected(Reason.FUTURE_TIME, f"{value.isoformat()} is in the future")
    return value.astimezone(UTC)


def _acl(value: Any, section: FeatureSection) -> list[str]:
    """Return who may read a row: a list, or a text with commas; an empty one is read by nobody."""
    if value is None:
        return sorted(set(section.acl))
    entries = value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
    entries = [entry for entry in entries if entry]
    if bad := [entry for entry in entries if not isinstance(entry, str) or not is_entry(entry)]:
        raise Rejected(Reason.BAD_ACL, f"{bad[0]!r:.80} is not an acl entry")
    return sorted(set(entries))


def _known_id(entity: Any, time: Any, facts: RowFacts) -> str | None:
    try:
        return row_id(facts.feature, _entity(entity), _time(time, facts.now))
    except Rejected:
        return None


def _broken(what: str, fix: str) -> RefusedError:
    return RefusedError(what, fix=fix, state="nothing was staged, the last release goes on serving")


def largest(rows: pa.Table, column: str, now: datetime) -> str | None:
    """Return the largest cursor of rows as text, never later than now: a clock ahead must hide no row."""
    values = rows[column]
    if values.null_count == len(values):
        return None
    found = pc.max(values).as_py()
    if pa.types.is_timestamp(values.type):
        limit = now if values.type.tz else now.astimezone(UTC).replace(tzinfo=None)
        return str(min(found, limit).isoformat())
    return str(found)


def earlier(cursor: str, lateness_s: int) -> str:
    """Return a cursor so many seconds before another. Raises RefusedError when it is no time."""
    if not lateness_s:
        return cursor
    try:
        return (datetime.fromisoformat(cursor) - timedelta(seconds=lateness_s)).isoformat()
    except ValueError:
        raise _broken("its cursor is no time, and its lateness is", "take `lateness` away") from None
