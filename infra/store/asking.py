"""Asking a table: queries that are under way together, each with one step into LanceDB's event loop and back.

Its plain calls take five such steps for a query, and run one query after the other.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

if TYPE_CHECKING:
    from lancedb.table import AsyncTable, Table

T = TypeVar("T")


def asynchronous(table: Table) -> AsyncTable:
    """Return the table that the plain one stands before; the same version of it."""
    return table._table  # type: ignore[attr-defined, no-any-return] # noqa: SLF001 - LanceDB has no other way to it


def started(query: Any) -> Future[pa.Table]:
    """Return a query's rows to be; it runs from now on."""
    from lancedb.background_loop import LOOP

    async def rows() -> pa.Table:
        return await query.to_arrow()

    return asyncio.run_coroutine_threadsafe(rows(), LOOP.loop)


def fetched(query: Any) -> pa.Table:
    """Return a query's rows."""
    return started(query).result()


def in_background(make: Callable[[], T]) -> Future[T]:
    """Return what a function makes beside what else is asked; a program that ends does not wait for it."""
    made: Future[T] = Future()

    def run() -> None:
        try:
            made.set_result(make())
        except BaseException as problem:  # noqa: BLE001 - whoever looks for the result is told
            made.set_exception(problem)

    threading.Thread(target=run, name="reading", daemon=True).start()
    return made


def rows_by_id(table: Table, ids: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Return the rows with these row ids, in their order; each id is one of the table's."""
    if not ids:
        return fetched(asynchronous(table).query().where("false").select(list(columns)))
    found = fetched(asynchronous(table).take_row_ids(list(ids)).select(list(columns)).with_row_id())
    places = {row: at for at, row in enumerate(found["_rowid"].to_pylist())}
    return found.drop_columns(["_rowid"]).take([places[row] for row in ids])
