"""What building indices promises: a large table's are built in a child, and nothing is built without need."""

from __future__ import annotations

from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest

from infra.store import Store, search_index
from infra.store.search_index import due, refresh_indices
from schemas.errors import ConflictError, StoreError


def chunks(folder: Path, rows: int = 600) -> lancedb.table.Table:
    vectors = np.random.default_rng(1).normal(size=(rows, 8)).astype(np.float32)
    table = pa.table(
        {
            "chunk_id": [f"c{n}" for n in range(rows)],
            "text": [f"pump {n} hums" for n in range(rows)],
            "acl": [["everyone"]] * rows,
            "source": ["docs"] * rows,
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), 8),
        }
    )
    return lancedb.connect(folder).create_table("chunks", table)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a table be large from 500 rows on."""
    monkeypatch.setattr(search_index, "CHILD_ROWS", 500)
    monkeypatch.setattr(search_index, "EXACT_ROWS", 500)


@pytest.mark.usefixtures("small")
def test_a_large_tables_indices_are_built_in_a_child(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = chunks(tmp_path)
    caplog.set_level("INFO", logger="headwater.store")

    refresh_indices(table, Store(tmp_path))

    assert {index.name for index in table.list_indices()} == {
        "text_idx",
        "acl_idx",
        "source_idx",
        "vector_idx",
    }
    assert "MB in a child" in caplog.text
    assert due(table) == ()


def test_a_small_table_needs_no_child_and_no_vector_index(tmp_path: Path) -> None:
    table = chunks(tmp_path)

    refresh_indices(table, Store(tmp_path))

    assert {index.name for index in table.list_indices()} == {"text_idx", "acl_idx", "source_idx"}


def test_what_is_indexed_is_left_alone(tmp_path: Path) -> None:
    table = chunks(tmp_path)
    refresh_indices(table, Store(tmp_path))
    version = table.version

    refresh_indices(table, Store(tmp_path))

    assert table.version == version


@pytest.mark.usefixtures("small")
def test_a_child_that_fails_is_an_error_that_says_why(tmp_path: Path) -> None:
    table = chunks(tmp_path)

    with pytest.raises(StoreError, match="indices of table 'chunks' failed"):
        refresh_indices(table, Store(tmp_path / "elsewhere"))


@pytest.mark.usefixtures("small")
def test_a_foreign_write_while_the_child_builds_is_a_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = chunks(tmp_path)
    run = search_index.subprocess.run

    def interrupted(*command: object, **settings: object) -> object:
        done = run(*command, **settings)  # type: ignore[call-overload]
        lancedb.connect(tmp_path).open_table("chunks").delete("chunk_id = 'c1'")
        return done

    monkeypatch.setattr(search_index.subprocess, "run", interrupted)
    with pytest.raises(ConflictError, match="somebody else"):
        refresh_indices(table, Store(tmp_path))
