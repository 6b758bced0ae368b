"""Facts as a prompt says them, and the facts that held at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

AS_OF = """
select l.* exclude (position_), r.* exclude (entity)
from asked l asof left join facts r on l.entity = r.entity and l."at" >= r.event_at
order by l.position_
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of an entity, or what a function answered; goes before the retrieved passages."""

    kind: Literal["feature", "function"]
    name: str
    key: str
    """The entity's key; for a function, the entities it was asked about."""
    values: Any
    text: str
    """What the prompt says; empty when there is nothing to say."""
    at: datetime
    """Since when it holds, or when it was fetched."""
    stale: bool = False
    volatile: bool = False
    """Whether it was made for the request: such a value is kept out of the digest (law 9)."""
    problem: str | None = None
    """Why a function's fallback, or nothing, is said."""
    acl: tuple[str, ...] = field(default=())

    def as_dict(self, *, now: datetime, citation: int | None = None) -> dict[str, Any]:
        """Return the fact as `Context.features` shows it."""
        told = {
            "values": jsonable(self.values),
            "event_at": self.at.isoformat(),
            "age_s": round((now - self.at).total_seconds(), 3),
            "stale": self.stale,
            "citation": citation,
        }
        return told | ({"problem": self.problem} if self.problem else {})


def feature_text(name: str, key: str, values: Any, event_at: datetime) -> str:
    """Return facts as a prompt says them: the same for the same facts, one line for each value."""
    head = f"{name} {key}".strip()
    at = event_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if not isinstance(values, Mapping):
        return f"{head} (as of {at}): {_said(values)}"
    lines = [f"- {what}: {_said(value)}" for what, value in values.items() if value is not None]
    return "\n".join([f"{head} (as of {at})", *lines])


def as_of_join(rows: pa.Table, features: pa.Table) -> pa.Table:
    """Return each row with the facts that held for its `entity` at its time `at`, in the order given.

    Those are the entity's newest ones whose `event_at` is not after `at`; without any, the columns of
    `features` are null. Raises ValueError when both tables have a column of one name besides `entity`.
    """
    import duckdb

    both = (set(rows.schema.names) & set(features.schema.names)) - {"entity"}
    if both:
        raise ValueError(f"both tables have {sorted(both)}")
    numbered = rows.append_column("position_", pa.array(range(rows.num_rows), pa.int64()))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("asked", numbered)
        connection.register("facts", features)
        found = connection.sql(AS_OF).to_arrow_table()
    schema = pa.schema(
        [*rows.schema, *(one.with_nullable(nullable=True) for one in features.schema if one.name != "entity")]
    )
    return found.cast(schema)


def jsonable(value: Any) -> Any:
    """Return a value as JSON has it: times as text, exact numbers as text."""
    if isinstance(value, Mapping):
        return {str(name): jsonable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, int | float | Decimal):
        return str(value)
    plain = jsonable(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
