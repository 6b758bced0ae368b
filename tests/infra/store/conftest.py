from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.store import Store
from infra.store.publish import Publication, TableChange, publish
from schemas.chunk import embedded_chunk
from schemas.document import DOCUMENT
from schemas.release import Release
from tests.infra.store.rows import CHUNKS, DIMENSION, NOW, chunks, documents

Publisher = Callable[..., Release]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def release(store: Store) -> Publisher:
    """Publish documents and chunks as the next release."""
    made = iter(range(1, 10_000))

    def publish_next(
        *document_rows: dict[str, Any],
        chunk_rows: tuple[dict[str, Any], ...] = (),
        gone: tuple[str, ...] = (),
        **more: Any,
    ) -> Release:
        changes = {
            "documents": TableChange(
                key="document_id",
                schema=DOCUMENT,
                upserts=lambda: _some(documents(*document_rows)),
                deletes=gone,
            ),
            CHUNKS: TableChange(
                key="chunk_id",
                schema=embedded_chunk(DIMENSION),
                upserts=lambda: _some(chunks(*chunk_rows)),
            ),
        }
        index = {"default": {"table": CHUNKS}}
        at = NOW + timedelta(minutes=next(made))
        publication = Publication(changes=changes, indexes=index, kind="ingest", created_at=at, **more)
        return publish(store, publication)

    return publish_next


def _some(rows: Any) -> list[Any]:
    return [rows] if rows.num_rows else []
