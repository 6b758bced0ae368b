"""The logs of what was asked and what people said of it: appended in batches, read by context."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from infra.store.compact import clean
from infra.store.connection import Store
from infra.store.filters import equals, is_in, within
from schemas.errors import NotFoundError
from schemas.interaction import FEEDBACK, INTERACTION

INTERACTIONS, FEEDBACKS = "interactions", "feedback"
TIDY_COMMITS, TIDY_ROWS = 100, 5_000
"""After so many commits the files with fewer rows than this are made one; larger ones are left alone."""
TIDY_OLD = timedelta(hours=1)
AT = {INTERACTIONS: "asked_at", FEEDBACKS: "at"}
"""Where each log says when."""


def append_interactions(store: Store, rows: list[dict[str, Any]]) -> None:
    """Log contexts that were served, in one commit."""
    _append(store, INTERACTIONS, pa.Table.from_pylist(rows, schema=INTERACTION))


def append_feedback(store: Store, rows: list[dict[str, Any]]) -> None:
    """Log what people said of answers, in one commit."""
    _append(store, FEEDBACKS, pa.Table.from_pylist(rows, schema=FEEDBACK))


def interactions(store: Store, *, where: str | None = None) -> pa.Table:
    """Return the log of contexts, oldest first."""
    return _log(store, INTERACTIONS, INTERACTION, where)


def feedback(store: Store, *, where: str | None = None) -> pa.Table:
    """Return the log of feedback, oldest first."""
    return _log(store, FEEDBACKS, FEEDBACK, where)


def interaction(store: Store, context_id: str) -> dict[str, Any]:
    """Return one context that was served. Raises NotFoundError for an id that is not in the log."""
    rows = interactions(store, where=equals("context_id", context_id)).to_pylist()
    if not rows:
        raise NotFoundError(
            f"no context {context_id!r} is in the log", fix="give the context_id of an answer"
        )
    found: dict[str, Any] = rows[-1]
    return found


def answered(store: Store, answers: Iterable[str]) -> list[dict[str, Any]]:
    """Return to whom each of some answers was given, and what they were shown for it."""
    spelled = [answer for answer in answers if "\x00" not in answer]
    if not spelled or not store.exists() or not store.has(INTERACTIONS):
        return []
    columns = ["user", "answer", "acl", "chunk_ids", "document_ids"]
    rows: list[dict[str, Any]] = store.scan(INTERACTIONS, columns, where=is_in("answer", spelled)).to_pylist()
    return rows


def forget_before(store: Store, name: str, moment: datetime) -> int:
    """Delete rows of one of both logs that are older than a moment; return how many."""
    if not store.exists() or not store.has(name):
        return 0
    table, where = store.open(name), within(AT[name], None, moment) or "false"
    count = int(table.count_rows(where))
    if count:
        table.delete(where)
    return count


def _append(store: Store, name: str, rows: pa.Table) -> None:
    if not rows.num_rows:
        return
    table = store.ensure(name, rows.schema)
    table.add(rows)
    if table.version % TIDY_COMMITS == 0:
        with suppress(RuntimeError, OSError, ValueError):  # somebody else was faster: another time
            _tidy(store, name, table)


def _tidy(store: Store, name: str, table: Any) -> None:
    """Join the files of many small commits, which every later commit would list, and forget old versions."""
    table.to_lance().optimize.compact_files(target_rows_per_fragment=TIDY_ROWS)
    clean(store, name, older_than=TIDY_OLD)


def _log(store: Store, name: str, schema: pa.Schema, where: str | None) -> pa.Table:
    if not store.exists() or not store.has(name):
        return schema.empty_table()
    return store.scan(name, where=where).sort_by(AT[name])
