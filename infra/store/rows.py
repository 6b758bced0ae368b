"""Writing rows by key: those that are there are deleted, then all are added. The caller holds a lock.

Not a merge: on a table with a primary key Lance writes a filter of the keys with each merge, 66 kB for any
rows it has, and joins the whole key column; a delete and an add write 2 kB. What a merge gives besides, one
commit for both, nobody needs who publishes by naming versions. See infra/decisions/0005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from infra.store.filters import is_in

if TYPE_CHECKING:
    from lancedb.table import Table

KEYS = 1_000
ATTEMPTS, CROWDED = 10, "Too many concurrent writers"
"""What Lance says when none of its own attempts came through; nothing has been written then."""


def put_rows(table: Table, key: str, rows: pa.Table) -> None:
    """Replace the rows whose key is there already, and add the others; keys in `rows` are unique."""
    if rows.num_rows:
        delete_rows(table, key, keys_there(table, key, rows[key].to_pylist()))
        table.add(rows)


def append_rows(table: Table, rows: pa.Table) -> None:
    """Append rows, several writers at once perhaps: Lance gives up after 30 s of others being faster."""
    for left in reversed(range(ATTEMPTS)):
        try:
            table.add(rows)
        except RuntimeError as problem:
            if left == 0 or CROWDED not in str(problem):
                raise
        else:
            return


def delete_rows(table: Table, key: str, values: list[str] | tuple[str, ...]) -> None:
    """Delete rows by key; no key is no commit."""
    for at in range(0, len(values), KEYS):
        table.delete(is_in(key, values[at : at + KEYS]))


def keys_there(table: Table, key: str, values: list[str]) -> list[str]:
    """Return which of the keys the table has."""
    if table.count_rows() == 0:
        return []
    found: list[str] = []
    for at in range(0, len(values), KEYS):
        query = table.search().where(is_in(key, values[at : at + KEYS])).select([key]).limit(None)
        found += query.to_arrow()[key].to_pylist()
    return found
