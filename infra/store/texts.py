"""Documents' texts at a release, which citations are sliced from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from infra.store.asking import asynchronous, fetched, rows_by_id
from infra.store.connection import Store
from infra.store.places import Places
from schemas.release import Release

if TYPE_CHECKING:
    from lancedb.table import Table

TABLE = "documents"


def texts_of(store: Store, release: Release, documents: Iterable[str]) -> dict[str, str]:
    """Return texts by document id, of those that the release has; texts read lately are kept."""
    version = release.tables[TABLE].version
    kept = {one: store.texts.get((version, one)) for one in sorted(set(documents))}
    texts = {one: text for one, text in kept.items() if text is not None}
    wanted = [(one, 0) for one, text in kept.items() if text is None]
    if wanted:
        ids = store.made_of(TABLE, version, _places).rows_at(wanted)
        rows = rows_by_id(store.open(TABLE, version=version), ids, ["document_id", "text"])
        for one, text in zip(rows["document_id"].to_pylist(), rows["text"].to_pylist(), strict=True):
            texts[one] = store.texts.put((version, one), text)
    return texts


def _places(table: Table) -> Places:
    return Places(fetched(asynchronous(table).query().select(["document_id"]).with_row_id()))
