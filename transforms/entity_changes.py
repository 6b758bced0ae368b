"""What a reading of a feature changes: its staged rows against those of the last release (DuckDB)."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

COMPARE = """
with newest as (
    select *, first_value(run_id) over (partition by row_id order by n desc) as last from staged
), mine as (
    select row_id, min(row_hash) as row_hash, min(n) as n, count(*) as rows, min(entity) as entity,
           min(row_hash) <> max(row_hash) as conflicting
    from newest where run_id = last group by row_id
)
select coalesce(m.row_id, r.row_id) as row_id, m.n, coalesce(m.rows, 0) as rows,
       coalesce(m.entity, r.entity) as entity,
       case when m.row_id is null then 'absent' when m.conflicting then 'conflicting'
            when r.row_id is null then 'added' when m.row_hash <> r.row_hash then 'updated'
            else 'same' end as side
from mine m full join released r using (row_id)
"""

TEXT = pa.string()
RELEASED = pa.schema([("row_id", TEXT), ("row_hash", TEXT), ("entity", TEXT)])
STAGED = pa.schema([("n", pa.int64()), ("run_id", TEXT), *RELEASED])
"""What the comparison needs of released rows, and of staged ones; `n` numbers them as they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityChanges:
    """What would become of a feature's rows."""

    added: pa.Table
    """`n`, `row_id` and `entity` of rows that are new; so are those of the next ones."""
    updated: pa.Table
    same: pa.Table
    conflicting: pa.Table
    """Facts that the reading says in two ways."""
    absent: pa.Table
    """Released rows that the reading does not have."""
    rows: dict[str, int]
    """How many rows were read, by what becomes of them: added, updated, same, conflicting."""

    def __bool__(self) -> bool:
        """Tell whether rows were added or updated."""
        return bool(self.added.num_rows or self.updated.num_rows)


def compare_rows(staged: pa.Table, released: pa.Table) -> EntityChanges:
    """Compare staged rows with the released ones.

    Of rows that an earlier, unfinished run staged and this one read again, this run's count. Rows of one run
    that say the same of an entity and a time are one; those that say different things are conflicting.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.register("staged", staged.select(STAGED.names))
        connection.register("released", released.select(RELEASED.names))
        found = connection.sql(COMPARE).to_arrow_table()
        connection.register("found", found)

        def side(name: str) -> pa.Table:
            query = "select n, row_id, entity from found where side = $side order by row_id"
            return connection.sql(query, params={"side": name}).to_arrow_table()

        told = connection.sql("select side, sum(rows)::bigint from found group by side").fetchall()
        return EntityChanges(
            added=side("added"),
            updated=side("updated"),
            same=side("same"),
            conflicting=side("conflicting"),
            absent=side("absent"),
            rows={"added": 0, "updated": 0, "same": 0, "conflicting": 0} | dict(told),
        )
