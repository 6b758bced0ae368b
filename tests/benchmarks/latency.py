"""How long a context takes, part by part, beside a bare retriever on the same table; prints a table.

usage: python -m tests.benchmarks.latency ROWS [FOLDER [QUESTIONS]]

The chunks are those of `scale.py`, ten to a document whose text they are sliced from. Every question is asked
of a warm process by one caller, its embedding included, in turns with the bare retriever: the same vector,
the nearest passages, their text, without rights, words, citations or a prompt. After that QUESTIONS more
(5,000 without it) show whether memory grows. With FOLDER the store stays there and is taken up again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from flows.stages.contexts import context
from flows.workspace import Workspace, open_workspace
from infra.store import releases
from infra.store.publish import Publication, TableChange, publish
from schemas.context import ContextRequest, Principal
from schemas.document import DOCUMENT
from tests.benchmarks.scale import BATCH, DIMENSION, SCHEMA, SEED, _batch, _real

A_DOCUMENT = 10
"""Chunks of one document."""
GAP = "\n\n"
NEAREST = 5
WARM, ROUNDS, MANY = 20, 2, 5_000
ALICE = Principal(user="alice", groups=("tenth", "staff"))
PROJECT = {
    "project": "latency",
    "sources": {"s": {"type": "files", "uri": "docs", "acl": ["everyone"]}},
    "context_views": {"default": {"min_score": 0.0}},
}


def main(rows: int, folder: Path, many: int = MANY) -> None:
    """Make the store where it is missing, then measure and print."""
    workspace = _opened(folder)
    if releases.current(workspace.store) is None:
        _make(workspace, rows, folder)
        workspace = _opened(folder)
    asked = np.load(folder / "questions.npy").tolist()
    print(f"{rows:,} chunks in {rows // A_DOCUMENT:,} documents, {len(asked)} questions asked {ROUNDS} times")
    print(f"{'':<24} {'p50 ms':>8} {'p95 ms':>8}")
    for part, spent in _measured(workspace, asked).items():
        print(f"{part:<24} {np.percentile(spent, 50):>8.2f} {np.percentile(spent, 95):>8.2f}")
    if many:
        print(f"memory after {many:,} more questions: " + _grown(workspace, asked, many))


def _measured(workspace: Workspace, asked: list[str]) -> dict[str, list[float]]:
    spent: defaultdict[str, list[float]] = defaultdict(list)
    bare = _bare(workspace)
    for n, question in enumerate([*asked[:WARM], *asked * ROUNDS]):
        before = time.perf_counter()
        bare(question)
        between = time.perf_counter()
        found = context(workspace, ContextRequest(question=question, principal=ALICE))
        done = time.perf_counter()
        text = found.model_dump_json()
        after = time.perf_counter()
        assert found.answerable
        assert len(text) > len(found.messages[1].content)
        if n >= WARM:
            spent["bare retriever"].append(1_000 * (between - before))
            spent["context"].append(1_000 * (done - between))
            spent["context as JSON"].append(1_000 * (after - between))
            for part, part_ms in found.timings_ms.items():
                spent[f"  {part}"].append(part_ms)
    return spent


def _bare(workspace: Workspace) -> Any:
    """Return a retriever as most people write it: embed, search, take the texts."""
    last = releases.current(workspace.store)
    assert last is not None
    index = last.indexes["default"]
    embedder = workspace.embedder_for(index["embedder"], index["embedder_fp"])
    table: Any = workspace.store.open(index["table"], version=last.tables[index["table"]].version)

    def retrieve(question: str) -> list[str]:
        query = table.search(embedder.embed_query(question), vector_column_name="vector")
        found = query.select(["text", "_distance"]).limit(NEAREST).to_list()
        return [row["text"] for row in found]

    return retrieve


def _grown(workspace: Workspace, asked: list[str], many: int) -> str:
    told = []
    for n in range(many + 1):
        if n % (many // 5) == 0:
            told.append(f"{_resident_mb():.0f}")
        question = f"{asked[n % len(asked)]} {n}"
        context(workspace, ContextRequest(question=question, principal=ALICE))
    return " -> ".join(told) + " MB resident"


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1_024


def _opened(folder: Path) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "headwater.yaml").write_text(yaml.safe_dump(PROJECT), encoding="utf-8")
    return open_workspace(folder / "headwater.yaml")


def _make(workspace: Workspace, rows: int, folder: Path) -> None:
    index = workspace.indexes["default"]
    passages, found, questions, _ = _real()
    rng = np.random.default_rng(SEED)
    pieces = []
    for first in range(0, rows, BATCH):
        batch, _, _ = _batch(rng, first, min(BATCH, rows - first), passages, found)
        pieces.append(_in_documents(batch))
    changes = {
        "documents": TableChange(key="document_id", schema=DOCUMENT, upserts=lambda: map(_documents, pieces)),
        index.table: TableChange(key="chunk_id", schema=SCHEMA, upserts=lambda: pieces),
    }
    publish(
        workspace.store,
        Publication(
            changes=changes,
            indexes={"default": index.as_dict(DIMENSION)},
            kind="ingest",
            created_at=datetime.now(UTC),
        ),
    )
    np.save(folder / "questions.npy", np.array(questions))


def _in_documents(chunks: pa.Table) -> pa.Table:
    """Give each chunk its place in its document, and every tenth document to one group alone."""
    starts: list[int] = []
    quotes = chunks["quote"].to_pylist()
    for at in range(0, len(quotes), A_DOCUMENT):
        lengths = [len(quote) + len(GAP) for quote in quotes[at : at + A_DOCUMENT]]
        starts += [0, *accumulate(lengths[:-1])]
    ends = [start + len(quote) for start, quote in zip(starts, quotes, strict=True)]
    acls = [["group:tenth" if int(d) % 10 == 0 else "everyone"] for d in chunks["document_id"].to_pylist()]
    titles = [f"Notes on {quote.split()[0]}" for quote in quotes[::A_DOCUMENT] for _ in range(A_DOCUMENT)]
    for name, values in {"start": starts, "end": ends, "acl": acls, "title": titles[: len(quotes)]}.items():
        at = chunks.schema.get_field_index(name)
        chunks = chunks.set_column(
            at, chunks.schema.field(at), pa.array(values, chunks.schema.field(at).type)
        )
    return chunks


def _documents(chunks: pa.Table) -> pa.Table:
    rows = chunks.drop_columns(["vector", "token_signs"]).to_pylist()
    return pa.Table.from_pylist(list(_document(rows)), schema=DOCUMENT)


def _document(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for at in range(0, len(rows), A_DOCUMENT):
        first = rows[at]
        kept = {name: first[name] for name in DOCUMENT.names if name in first}
        yield kept | {
            "n": 0, "content_hash": first["document_id"], "record_hash": first["document_id"],
            "text": GAP.join(row["quote"] for row in rows[at : at + A_DOCUMENT]), "elements": [],
            "parse_fp": "made", "meta_hash": "made", "run_id": "made", "fetched_at": datetime.now(UTC),
        }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(int(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(int(sys.argv[1]), Path(made))
