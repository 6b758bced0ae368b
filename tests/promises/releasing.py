"""A process that publishes release after release, and stages, caches and logs on the way, as runs do.

Run as `python -m tests.promises.releasing STORE SEED`; it says `ready`, and `released N` when `publish` has
returned. It takes its time between and during the steps, so that a power cut finds it at any of them.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pyarrow as pa

from infra.store import Store
from infra.store.embedding_cache import EmbeddingCache
from infra.store.logs import append_quarantine
from infra.store.publish import Publication, TableChange, publish
from infra.store.staging import STAGED_ITEM, StagedBatch, Staging
from schemas.chunk import embedded_chunk
from schemas.document import DOCUMENT
from schemas.quarantine import QUARANTINE
from schemas.release import Release
from tests.infra.store.rows import CHUNKS, DIMENSION, NOW, chunk, chunks, document, documents, embeddings

KEYS = 40
CHANGED, REMOVED = 9, 2
BATCH = 3
PAUSE_S = 0.5
Wait = Callable[[], None]


def state(seed: int, number: int) -> dict[str, str]:
    """Return the text of each document in a release."""
    found: dict[str, str] = {}
    for step in range(1, number + 1):
        changed, removed = _change(seed, step)
        found = {key: text for key, text in found.items() if key not in removed}
        found |= {key: f"{key} in {step}" for key in changed}
    return found


def release(store: Store, seed: int, number: int, wait: Wait = lambda: None) -> Release:
    """Stage, cache and publish one release."""
    changed, removed = _change(seed, number)
    rows = [document(key, text=f"{key} in {number}") for key in changed]
    batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
    staging = Staging(store, "s")
    for batch in batches:
        staging.append(_staged(batch, number))
        texts = [row["text"] for row in batch]
        cache = EmbeddingCache(store, fingerprint="0123abcd", schema=embeddings().schema)
        if not cache.get(texts).num_rows:
            cache.put(embeddings(*texts))
        wait()
    made = publish(store, _publication(batches, removed, number, wait))
    staging.drop()
    return made


def log(store: Store, number: int) -> None:
    """Log one row."""
    row = {field.name: None if field.nullable else str(number) for field in QUARANTINE} | {"at": NOW}
    append_quarantine(store, [row])


def _change(seed: int, step: int) -> tuple[list[str], list[str]]:
    keys = [f"d{n:02}" for n in range(KEYS)]
    chosen = random.Random(f"{seed}/{step}").sample(keys, CHANGED + REMOVED)
    return sorted(chosen[:CHANGED]), sorted(chosen[CHANGED:])


def _publication(batches: list[list[Any]], removed: list[str], number: int, wait: Wait) -> Publication:
    def slowly(tables: list[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            wait()
            yield table

    of_documents = [documents(*batch) for batch in batches]
    of_chunks = [
        chunks(*[chunk(row["key"], row["text"], of=row["key"]) for row in batch]) for batch in batches
    ]
    changes = {
        "documents": TableChange(
            key="document_id", schema=DOCUMENT, upserts=lambda: slowly(of_documents), deletes=tuple(removed)
        ),
        CHUNKS: TableChange(
            key="chunk_id",
            schema=embedded_chunk(DIMENSION),
            upserts=lambda: slowly(of_chunks),
            deletes=tuple(removed),
        ),
    }
    at = NOW + timedelta(minutes=number)
    return Publication(changes=changes, indexes={"default": {"table": CHUNKS}}, kind="ingest", created_at=at)


def _staged(batch: list[Any], number: int) -> StagedBatch:
    name = f"{number}-{batch[0]['key']}"
    items = [
        {"batch": name, "source": "s", "key": row["key"], "work": "w", "state": "passed", "content_hash": "h"}
        for row in batch
    ]
    markers = pa.Table.from_pylist(items, schema=STAGED_ITEM).drop_columns(["batch"])
    return StagedBatch(batch=name, items=markers, rows={"documents": documents(*batch)})


def _say(what: str) -> None:
    os.write(1, f"{what}\n".encode())


def _main(uri: str, seed: int) -> None:
    chance = random.Random(seed)
    store = Store(uri)
    _say("ready")
    for number in count(1):
        release(store, seed, number, lambda: time.sleep(PAUSE_S * chance.random()))
        _say(f"released {number}")
        log(store, number)
        time.sleep(PAUSE_S * chance.random())


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
