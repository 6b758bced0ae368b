"""The lineage of a dataset's rows: a Parquet file beside them, written as they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.stages.dataset_plan import Plan
from schemas.dataset import LINEAGE, Example, Use

LINEAGE_ROWS = 8_192
"""Uses that are kept before they are written."""

FILE = "lineage.parquet"


class Lineage:
    """Takes each row's uses, and writes them in groups."""

    def __init__(self, file: pq.ParquetWriter, plan: Plan) -> None:
        self._file, self._plan = file, plan
        self._pending: list[dict[str, Any]] = []

    def add(self, example: Example, split: str, line: int, text: str) -> None:
        """Remember what a row uses; `text` is its line, without its end."""
        self._pending += [_lineage(example, use, split, line, text, self._plan) for use in example.uses]
        if len(self._pending) >= LINEAGE_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is remembered."""
        if self._pending:
            self._file.write_table(pa.Table.from_pylist(self._pending, schema=LINEAGE))
            self._pending.clear()


@contextmanager
def lineage_file(meta: Path, plan: Plan) -> Iterator[Lineage]:
    """Open the file in a dataset's `_meta`, and write all of it."""
    with pq.ParquetWriter(meta / FILE, LINEAGE) as file:
        lineage = Lineage(file, plan)
        yield lineage
        lineage.flush()


def rename_split(meta: Path, before: str, after: str) -> None:
    """Say of every row of a split that it is in another."""
    path = meta / FILE
    uses = pq.read_table(path, schema=LINEAGE)
    names = [after if split == before else split for split in uses["split"].to_pylist()]
    at = LINEAGE.get_field_index("split")
    pq.write_table(uses.set_column(at, LINEAGE.field("split"), pa.array(names, pa.string())), path)


def _lineage(example: Example, use: Use, split: str, line: int, text: str, plan: Plan) -> dict[str, Any]:
    release = use.release or plan.release.release
    table = plan.chunks if release == plan.release.release else plan.tables.get(release)
    return {
        "row_id": example.row_id,
        "row_hash": _sha256(text.encode()),
        "split": split,
        "line": line,
        "kind": example.kind,
        "role": use.role,
        "source": use.source,
        "uri": use.uri,
        "document_id": use.document_id,
        "chunk_id": use.chunk_id,
        "start": use.start,
        "end": use.end,
        "quote_hash": _sha256(use.quote.encode()),
        "release": release,
        "table": table.name if table else "",
        "version": table.version if table else 0,
        "acl": list(use.acl),
        "context_id": example.context_id,
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
