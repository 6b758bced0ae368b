"""A made store with rights of every size: who may read what is written down here beside it, in plain sets.

Three releases: a first one, a second that takes rights and documents away, and a rollback to the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.workspace import Workspace, open_workspace
from infra.store import Store
from infra.store.publish import Publication, TableChange, publish
from infra.store.rollback import resume, rollback
from schemas.chunk import embedded_chunk
from schemas.document import DOCUMENT
from schemas.feature import FEATURE_ROW
from schemas.identity import digest
from schemas.tools import Vectors

GROUPS = 200
CHUNKS_EACH = 3
"""Of every document."""
DIMENSION = 384
FEW = 0.01
"""Half of the groups permit less than this share of the chunks."""
TABLE = "chunks__default__0123abcd"
FACTS = "features__facts"
FACT = pa.schema([*FEATURE_ROW, pa.field("word", pa.string())])
"""Every document is an entity too, whose facts have the same rights."""
PROJECT = """
project: made
store: {uri: store}
features: {facts: {type: csv, uri: none.csv, entity: document, time: at, acl: [everyone]}}
context_views: {default: {features: [facts]}}
"""
START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = ("handbook", "tickets", "o'brien's")
LANGUAGES = ("en", "de")
LOST, GONE = 0.05, 0.02
"""Shares of the documents that the second release gives to others, and that it does not have."""
CLUSTERS, WORDS, LENGTH = 300, 4_000, 14
JITTER = (0.3, 0.6, 1.0)
"""How far a vector lies from the one it was made from, as a length."""
ENTRY_NAMES = ("it's", 'a"b', "x') OR true --", "grüße")
Floats = npt.NDArray[np.float32]


class PlainWords:
    """A tokenizer for which a word is a token."""

    def count(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        raise NotImplementedError


class Remembered:
    """An embedder that knows the vectors of its questions."""

    name, fingerprint, runtime, dimension, max_tokens = "made", "made", "test", DIMENSION, 512
    has_token_signs = False
    tokenizer = PlainWords()

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        self.vectors = vectors

    def embed_query(self, text: str) -> Vectors:
        return self.vectors[text]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The store, and what is in it: acls by release and document, vectors and places of the chunks."""

    workspace: Workspace
    groups: tuple[str, ...]
    """Those that permit few chunks first."""
    users: tuple[str, ...]
    acls: dict[int, dict[int, frozenset[str]]]
    """Release -> document -> acl entries; a document that a release lacks is not there."""
    denied: dict[int, frozenset[str]]
    vectors: Floats
    sources: list[str]
    """Of each document."""
    languages: list[str]
    questions: tuple[str, ...]
    asked: Floats


def world(folder: Path, seed: int, *, chunks: int, questions: int) -> World:
    """Make the store in a folder."""
    rng = np.random.default_rng(seed)
    count = chunks // CHUNKS_EACH
    groups, users, first = _policy(rng, count)
    second = _narrowed(rng, first, groups)
    vectors, texts = _vectors(rng, count * CHUNKS_EACH), _texts(rng, count * CHUNKS_EACH)
    sources = [SOURCES[n] for n in rng.integers(len(SOURCES), size=count)]
    languages = [LANGUAGES[n] for n in rng.integers(len(LANGUAGES), size=count)]
    asked, words = _asked(rng, vectors, texts, questions)
    path = folder / "headwater.yaml"
    path.write_text(PROJECT, encoding="utf-8")
    embedder = Remembered(dict(zip(words, asked, strict=True)))
    workspace = open_workspace(path, _embedders={"made": embedder}, clock=lambda: START + timedelta(days=1))
    made = _Rows(first, texts, vectors, sources, languages)
    _publish(workspace.store, made.of(first), 1)
    moved = {n: acl for n, acl in second.items() if acl != first[n]}
    _publish(workspace.store, made.of(moved), 2, gone=sorted(first.keys() - second.keys()))
    rollback(workspace.store, 1, now=START + timedelta(hours=3))
    resume(workspace.store, now=START + timedelta(hours=4))
    return World(
        workspace=workspace,
        groups=groups,
        users=users,
        acls={1: first, 2: second, 3: first, 4: first},
        denied={n: first[n] - second[n] for n in moved},
        vectors=vectors,
        sources=sources,
        languages=languages,
        questions=words,
        asked=asked,
    )


def permitted(made: World, release: int, entries: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which documents a caller may read at a release: there, now, and without what was taken since."""
    now = made.acls[4]
    allowed = np.zeros(len(made.sources), bool)
    for n, acl in made.acls[release].items():
        allowed[n] = bool(acl & entries) and bool(
            (now.get(n, frozenset()) - made.denied.get(n, frozenset())) & entries
        )
    return allowed


def document_name(n: int) -> str:
    """Return the n-th document's id."""
    return f"d{n:05}"


@cache
def chunk_name(n: int) -> str:
    """Return the n-th chunk's id, a hash as every chunk's is."""
    return digest("chunk", n)


def fact_word(n: int) -> str:
    """Return what is said of the n-th document as an entity, and of no other."""
    return f"secretof{n:05}"


def _policy(rng: Any, count: int) -> tuple[tuple[str, ...], tuple[str, ...], dict[int, frozenset[str]]]:
    groups = tuple(f"{ENTRY_NAMES[n] if n < len(ENTRY_NAMES) else 'g'}{n}" for n in range(GROUPS))
    users = tuple(f"u{n}" for n in range(20))
    acls: dict[int, set[str]] = {n: set() for n in range(count)}
    few = np.exp(rng.uniform(np.log(1.5 / count), np.log(FEW * 0.9), GROUPS // 2))
    many = np.exp(rng.uniform(np.log(FEW), np.log(0.3), GROUPS // 2))
    entries = [f"group:{name}" for name in groups] + [f"user:{name}" for name in users] + ["everyone"]
    shares = [*few, *many, *[3 / count] * len(users), 5 / count]
    for entry, share in zip(entries, shares, strict=True):
        for n in rng.choice(count, max(1, int(share * count)), replace=False):
            acls[int(n)].add(entry)
    return groups, users, {n: frozenset(acl) for n, acl in acls.items()}


def _narrowed(
    rng: Any, first: dict[int, frozenset[str]], groups: tuple[str, ...]
) -> dict[int, frozenset[str]]:
    second = dict(first)
    touched = rng.permutation(len(first))[: int((LOST + GONE) * len(first))]
    gone = int(GONE * len(first))
    for n in map(int, touched[:gone]):
        del second[n]
    for n in map(int, touched[gone:]):
        kept = {entry for entry in first[n] if rng.random() < 0.3}
        second[n] = frozenset(kept | {f"group:{groups[int(rng.integers(GROUPS))]}"})
    return second


def _vectors(rng: Any, count: int) -> Floats:
    centers = _unit(rng.normal(size=(CLUSTERS, DIMENSION)))
    return _jittered(rng, centers[rng.integers(CLUSTERS, size=count)])


def _jittered(rng: Any, vectors: Floats) -> Floats:
    far = rng.choice(JITTER, size=(len(vectors), 1)) / np.sqrt(DIMENSION)
    return _unit(vectors + far * rng.normal(size=vectors.shape))


def _unit(vectors: Any) -> Floats:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _texts(rng: Any, count: int) -> list[str]:
    """Sentences of made words, some common and most rare, as words are."""
    ranks = np.minimum(rng.zipf(1.2, size=(count, LENGTH)), WORDS) - 1
    return [" ".join(map(_word, row)) for row in ranks]


def _word(n: int) -> str:
    return "".join("bdfgklmnprt"[n // 11**place % 11] + "aou"[(n + place) % 3] for place in range(4))


def _asked(rng: Any, vectors: Floats, texts: list[str], count: int) -> tuple[Floats, tuple[str, ...]]:
    """Questions near a chunk in meaning, with words of another."""
    near, other = rng.integers(len(texts), size=(2, count))
    words = [f"{' '.join(rng.permutation(texts[n].split())[:5])} q{at}" for at, n in enumerate(other)]
    return _jittered(rng, vectors[near]), tuple(words)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes the rows of documents under given acls."""

    first: dict[int, frozenset[str]]
    texts: list[str]
    vectors: Floats
    sources: list[str]
    languages: list[str]

    def of(self, acls: dict[int, frozenset[str]]) -> tuple[pa.Table, pa.Table, pa.Table]:
        numbers = sorted(acls)
        chunks = [CHUNKS_EACH * n + k for n in numbers for k in range(CHUNKS_EACH)]
        lengths = [len(self.texts[n]) + 1 for n in chunks]
        starts = [sum(lengths[at - at % CHUNKS_EACH : at]) for at in range(len(chunks))]
        mine = [n for n in numbers for _ in range(CHUNKS_EACH)]
        shared = {"uri": "file:x", "media_type": "text/plain", "labels": [], "status": "live", "headings": []}
        documents = shared | {
            "document_id": [document_name(n) for n in numbers], "key": list(map(str, numbers)), "n": 0,
            "source": [self.sources[n] for n in numbers], "language": [self.languages[n] for n in numbers],
            "text": ["\n".join(self.texts[CHUNKS_EACH * n :][:CHUNKS_EACH]) for n in numbers],
            "acl": [sorted(acls[n]) for n in numbers], "elements": [], "content_hash": "c",
            "record_hash": "r", "parse_fp": "p", "meta_hash": "m", "run_id": "r", "fetched_at": START,
        }  # fmt: skip
        rows = shared | {
            "chunk_id": [chunk_name(n) for n in chunks], "document_id": [document_name(n) for n in mine],
            "source": [self.sources[n] for n in mine], "language": [self.languages[n] for n in mine],
            "key": list(map(str, mine)), "ordinal": [n % CHUNKS_EACH for n in chunks], "start": starts,
            "end": [start + length - 1 for start, length in zip(starts, lengths, strict=True)],
            "quote": [self.texts[n] for n in chunks], "text": [self.texts[n] for n in chunks],
            "text_hash": "h", "tokens": LENGTH, "acl": [sorted(acls[n]) for n in mine], "runtime": "test",
        }  # fmt: skip
        flat = pa.array(self.vectors[chunks].reshape(-1))
        vectors = pa.FixedSizeListArray.from_arrays(flat, DIMENSION)
        facts = {
            "row_id": documents["document_id"], "entity": documents["document_id"], "acl": documents["acl"],
            "event_at": START, "row_hash": "h", "run_id": "r", "ingested_at": START,
            "word": list(map(fact_word, numbers)),
        }  # fmt: skip
        return (
            _table(documents, DOCUMENT, len(numbers)),
            _table(rows | {"vector": vectors}, embedded_chunk(DIMENSION), len(chunks)),
            _table(facts, FACT, len(numbers)),
        )


def _table(columns: dict[str, Any], schema: pa.Schema, count: int) -> pa.Table:
    def column(field: pa.Field) -> Any:
        value = columns.get(field.name)
        every = value if isinstance(value, (list, pa.Array)) and len(value) == count else [value] * count
        return every if isinstance(every, pa.Array) else pa.array(every, field.type)

    return pa.Table.from_arrays([column(field) for field in schema], schema=schema)


def _publish(
    store: Store, rows: tuple[pa.Table, pa.Table, pa.Table], number: int, gone: list[int] | None = None
) -> None:
    documents = [document_name(n) for n in gone or ()]
    chunks = [chunk_name(CHUNKS_EACH * n + k) for n in gone or () for k in range(CHUNKS_EACH)]
    changes = {
        "documents": TableChange(
            key="document_id", schema=DOCUMENT, upserts=lambda: [rows[0]], deletes=tuple(documents)
        ),
        TABLE: TableChange(
            key="chunk_id", schema=rows[1].schema, upserts=lambda: [rows[1]], deletes=tuple(chunks)
        ),
        FACTS: TableChange(key="row_id", schema=FACT, upserts=lambda: [rows[2]], deletes=tuple(documents)),
    }
    index = {"default": {"table": TABLE, "embedder": {}, "embedder_fp": "made", "dimension": DIMENSION}}
    at = START + timedelta(hours=number)
    publish(store, Publication(changes=changes, indexes=index, kind="ingest", created_at=at))
