"""A large feature table has an index of its entities, which keeps up; lookups are right with and without."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from infra.store import Store, feature_index
from infra.store.features import entity_rows
from infra.store.publish import Publication, TableChange, publish
from schemas.feature import feature_table
from schemas.release import Release

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = feature_table(pa.schema([("tier", pa.string()), ("text", pa.string()), ("vector", pa.string())]))


def rows(numbers: range) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"row_id": f"r{n}", "entity": str(n), "event_at": NOW, "acl": ["everyone"], "row_hash": "h",
             "run_id": "run", "ingested_at": NOW, "tier": f"tier {n}"}
            for n in numbers
        ],
        schema=SCHEMA,
    )  # fmt: skip


def published(store: Store, numbers: range) -> Release:
    change = TableChange(key="row_id", schema=SCHEMA, upserts=lambda: [rows(numbers)], growth=len(numbers))
    made = Publication(changes={"features__customer": change}, indexes=None, kind="ingest", created_at=NOW)
    return publish(store, made)


def test_the_index_is_built_when_the_table_is_large_and_extended_when_it_falls_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_index, "INDEXED_ROWS", 100)
    store = Store(tmp_path / "store")
    table = "features__customer"

    published(store, range(50))
    assert store.open(table).list_indices() == []
    published(store, range(50, 200))
    stats = store.open(table).index_stats("entity_idx")
    assert stats is not None
    assert (stats.num_indexed_rows, stats.num_unindexed_rows) == (200, 0)
    published(store, range(200, 203))
    newest = published(store, range(203, 240))

    stats = store.open(table).index_stats("entity_idx")
    assert stats is not None
    assert stats.num_unindexed_rows == 0
    for key in ("0", "199", "239"):
        found = entity_rows(store, newest, newest, "customer", key, ["everyone"])
        assert found["tier"].to_pylist() == [f"tier {key}"]


def test_what_a_publication_does_not_say_is_carried_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    change = TableChange(key="row_id", schema=SCHEMA)
    first = Publication(
        changes={"features__a": change}, indexes=None, kind="ingest", created_at=NOW, cursors={"a": "1"}
    )
    publish(store, first)

    second = publish(
        store,
        Publication(
            changes={"features__b": change}, indexes=None, kind="ingest", created_at=NOW, cursors={"b": "2"}
        ),
    )

    assert second.cursors == {"a": "1", "b": "2"}
    assert set(second.tables) == {"features__a", "features__b"}
