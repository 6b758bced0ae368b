"""Verify: read every file of a release and say what is not as it was published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra.store.connection import Store
from infra.store.table_files import TableFiles
from schemas.counts import count
from schemas.errors import HeadwaterError
from schemas.feature import FEATURES
from schemas.release import Release, TableVersion


def verify(store: Store, release: Release) -> list[str]:
    """Return what is wrong with a release, in words; nothing when every row of it can be read.

    Checked: each table's files and their sizes, that all columns of all rows can be read, that there are
    as many as were published, that keys are unique, and that every chunk's document is there.
    """
    problems = [problem for table in release.tables.values() for problem in _table(store, table)]
    return problems or _links(store, release)


def _table(store: Store, table: TableVersion) -> list[str]:
    if store.objects is None and not TableFiles(Path(store.uri) / f"{table.name}.lance").has(table.version):
        return [f"files of table {table.name!r} version {table.version} are missing or cut short"]
    try:
        rows = sum(batch.num_rows for batch in store.stream(table.name, version=table.version))
    except (HeadwaterError, OSError, RuntimeError, ValueError) as problem:
        return [f"table {table.name!r} version {table.version} cannot be read: {problem}"]
    if rows != table.rows:
        found = count(rows, "row")
        return [f"table {table.name!r} version {table.version} has {found}; {table.rows} were published"]
    return []


def _links(store: Store, release: Release) -> list[str]:
    documents = _column(store, release, "documents", "document_id")
    problems = _repeated("documents", documents)
    for name in release.tables:
        if name.startswith(FEATURES):
            problems += _repeated(name, _column(store, release, name, "row_id"))
        if name.startswith("chunks__"):
            problems += _repeated(name, _column(store, release, name, "chunk_id"))
            lost = set(_column(store, release, name, "document_id")) - set(documents)
            missing = count(len(lost), "document")
            problems += [f"not in documents: {missing} of table {name!r}"] if lost else []
    return problems


def _column(store: Store, release: Release, table: str, column: str) -> list[Any]:
    rows = store.scan(table, [column], version=release.tables[table].version)
    return list(rows[column].to_pylist())


def _repeated(table: str, keys: list[Any]) -> list[str]:
    repeated = len(keys) - len(set(keys))
    return [f"{repeated} keys of table {table!r} are there twice"] if repeated else []
