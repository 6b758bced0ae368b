"""How search scales: recall, times, index build time and memory over many chunks; prints a table.

usage: python -m tests.benchmarks.scale ROWS [FOLDER]

The chunks are jittered: real passages are embedded, and each row is one of them with noise added to its
vector and with words of another passage in its text. Questions are real ones. Exact answers are computed
while the rows are made, in 32 bits. With FOLDER the store stays there and is taken up again.
"""

from __future__ import annotations

import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flows.workspace import model_cache
from infra.embedders import EmbedderParams, load
from infra.store import Store, releases
from infra.store.publish import Publication, TableChange, publish
from infra.store.readable import Readable
from infra.store.search import Passages
from schemas.chunk import embedded_chunk
from schemas.tools import Encoded, Vectors
from tests.benchmarks.embedding import EVALUATION, SHARED, _rows, _spread

PASSAGES, PASSAGE_WORDS, QUESTIONS = 4_000, 60, 200
BATCH, K, DEPTH, SEED, DIMENSION = 20_000, 10, 100, 7, 384
SCHEMA = embedded_chunk(DIMENSION, token_signs=True)
JITTER = (0.2, 0.4, 0.6, 0.8)
"""Lengths of the noise added to a unit vector: cosines of .98 to .78 to the passage it was made from."""
OTHER_WORDS = 0.3
"""Share of a row's words that come from another passage."""
READERS = {"everyone": 1.0, "group:tenth": 0.1, "group:few": 0.01, "group:rare": 0.001}
"""Acl entries, and the share of the chunks that they open."""
TABLE = "chunks__default__0123abcd"
WARM = 5


def main(rows: int, folder: Path) -> None:
    """Make the store where it is missing, then measure and print."""
    if not (folder / "truth.npz").exists():
        command = [sys.executable, "-m", "tests.benchmarks.scale", "MAKE", str(rows), str(folder)]
        subprocess.run(command, check=True)
    made = json.loads((folder / "made.json").read_text())
    truth = np.load(folder / "truth.npz", allow_pickle=False)
    table = _table(folder / "store")
    print(f"{rows:,} chunks of {DIMENSION} dimensions, {QUESTIONS} questions, depth {DEPTH}; {made['told']}")
    head = f"{'vector':>11} {'keyword':>12} {'both':>14}"
    print(f"{'reader':<12} {'recall@10':>9} {'least':>6}  p50/p99 ms of: {head}")
    for reader in READERS:
        print(_measured(table, truth, reader))


def make(rows: int, folder: Path) -> None:
    """Publish the chunks with all indices, and keep the questions and their exact answers beside them."""
    passages, found, questions, asked = _real()
    best = {reader: _Best(len(asked)) for reader in READERS}
    rng = np.random.default_rng(SEED)

    def batches() -> Iterator[pa.Table]:
        for first in range(0, rows, BATCH):
            count = min(BATCH, rows - first)
            batch, made, opens = _batch(rng, first, count, passages, found)
            scores = asked @ made.T
            for reader, mask in opens.items():
                best[reader].see(scores[:, mask], first + np.flatnonzero(mask))
            yield batch

    told: list[str] = []
    logging.getLogger("headwater.store").addHandler(_Told(told))
    logging.getLogger("headwater.store").setLevel(logging.INFO)
    changes = {TABLE: TableChange(key="chunk_id", schema=SCHEMA, upserts=batches)}
    index = {"default": {"table": TABLE}}
    publish(
        Store(folder / "store"),
        Publication(changes=changes, indexes=index, kind="ingest", created_at=datetime.now(UTC)),
    )
    (folder / "made.json").write_text(json.dumps({"told": "; ".join(told)}))
    answers = {reader.replace(":", "_"): found.rows for reader, found in best.items()}
    np.savez(folder / "truth.npz", asked=asked, questions=np.array(questions), **answers)


class _Told(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class _Best:
    """The best K rows of each question, of what was seen so far."""

    def __init__(self, questions: int) -> None:
        self.scores = np.full((questions, K), -2.0, np.float32)
        self.rows = np.full((questions, K), -1, np.int64)

    def see(self, scores: Any, rows: Any) -> None:
        if rows.size == 0:
            return
        every = np.concatenate([self.scores, scores], axis=1)
        numbers = np.concatenate([self.rows, np.broadcast_to(rows, scores.shape)], axis=1)
        order = np.argpartition(-every, K - 1, axis=1)[:, :K]
        self.scores, self.rows = (np.take_along_axis(a, order, axis=1) for a in (every, numbers))


def _real() -> tuple[list[list[str]], Encoded, list[str], Vectors]:
    texts, questions = [], []
    for name in EVALUATION:
        folder = SHARED / "data" / "retrieval" / name
        words = [str(row["text"]).split() for row in _rows(folder / "corpus.jsonl")]
        texts += [w[at : at + PASSAGE_WORDS] for w in words for at in range(0, len(w), PASSAGE_WORDS)]
        questions += [str(row["text"]) for row in _rows(folder / "queries.jsonl")]
    embedder = load(EmbedderParams(token_signs=True), cache_dir=model_cache())
    passages = [words for words in texts if len(words) >= PASSAGE_WORDS // 2]
    passages = passages[:: max(1, len(passages) // PASSAGES)][:PASSAGES]
    lengths = embedder.tokenizer.count([" ".join(words) for words in passages])
    passages = [words for words, n in zip(passages, lengths, strict=True) if n <= embedder.max_tokens]
    questions = _spread(questions, QUESTIONS)[:QUESTIONS]
    found = embedder.encode_documents([" ".join(words) for words in passages])
    return passages, found, questions, np.stack([embedder.embed_query(text) for text in questions])


def _batch(
    rng: Any, first: int, count: int, passages: list[list[str]], found: Encoded
) -> tuple[pa.Table, Vectors, dict[str, Any]]:
    of, other = rng.integers(len(passages), size=(2, count))
    noise = rng.normal(size=(count, DIMENSION)) / np.sqrt(DIMENSION)
    made = found.vectors[of] + rng.choice(JITTER, size=(count, 1)) * noise
    made = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    texts = [_mixed(rng, passages[a], passages[b]) for a, b in zip(of, other, strict=True)]
    opens = {reader: rng.random(count) < share for reader, share in READERS.items()}
    acls = [[r for r in READERS if opens[r][n]] for n in range(count)]
    ids = [str(first + n) for n in range(count)]
    columns = {
        "chunk_id": ids, "document_id": [str((first + n) // 10) for n in range(count)],
        "source": ["s"] * count, "key": ids, "ordinal": [(first + n) % 10 for n in range(count)],
        "start": [0] * count, "end": [len(text) for text in texts], "quote": texts, "text": texts,
        "text_hash": ids, "tokens": [PASSAGE_WORDS] * count, "uri": ids, "headings": [[]] * count,
        "media_type": ["text/plain"] * count, "acl": acls, "labels": [[]] * count, "status": ["live"] * count,
        "runtime": ["made"] * count, "token_signs": [(found.token_signs or ())[n] for n in of],
    }  # fmt: skip
    vector = pa.FixedSizeListArray.from_arrays(pa.array(made.reshape(-1)), DIMENSION)
    filled = [
        vector if f.name == "vector" else pa.array(columns.get(f.name, [None] * count), f.type)
        for f in SCHEMA
    ]
    return pa.Table.from_arrays(filled, schema=SCHEMA), made, opens


def _mixed(rng: Any, words: list[str], other: list[str]) -> str:
    at = int(rng.integers(len(words)))
    return " ".join([*words[:at], *other[: int(OTHER_WORDS * len(words))], *words[at:]])


def _table(uri: Path) -> Any:
    store = Store(uri)
    last = releases.current(store)
    assert last is not None
    return Passages(store.open(TABLE, version=last.tables[TABLE].version))


def _measured(table: Any, truth: Any, reader: str) -> str:
    readable = Readable(entries=(reader,))
    wanted, asked = truth[reader.replace(":", "_")], truth["asked"]
    recalls, times = [], []
    for n, question in enumerate(truth["questions"].tolist()):
        vector_ms, found = _clocked(lambda n=n: table.vector_leg(asked[n], readable, DEPTH))
        keyword_ms, _ = _clocked(lambda q=question: table.keyword_leg(q, readable, DEPTH))
        mine = set(map(int, found["chunk_id"].to_pylist()[:K]))
        right = set(wanted[n].tolist()) - {-1}
        recalls.append(len(mine & right) / len(right))
        if n >= WARM:
            times.append((vector_ms, keyword_ms, vector_ms + keyword_ms))
    shown = [
        f"{statistics.median(leg):.1f} / {float(np.percentile(leg, 99)):.1f}"
        for leg in zip(*times, strict=True)
    ]
    return f"{reader:<12} {np.mean(recalls):>9.4f} {min(recalls):>6.2f}  {'':<15} " + "  ".join(
        f"{text:>13}" for text in shown
    )


def _clocked(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = call()
    return 1_000 * (time.perf_counter() - started), answer


if __name__ == "__main__":
    if sys.argv[1] == "MAKE":
        make(int(sys.argv[2]), Path(sys.argv[3]))
    elif len(sys.argv) > 2:
        main(int(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(int(sys.argv[1]), Path(made))
