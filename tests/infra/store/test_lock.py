"""A lock that cannot be taken says why, and what to do."""

from pathlib import Path

import pytest

from infra.store import Store
from infra.store.lock import locked
from schemas.errors import BusyError, UnwritableError


def test_a_store_below_a_file_cannot_be_written_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    root = str(tmp_path / "file" / "store")

    with (
        pytest.raises(UnwritableError, match=r"cannot be written: Not a directory.*doctor"),
        locked(Store(root), "publish"),
    ):
        pass
    with pytest.raises(UnwritableError, match="cannot be written"):
        _ = Store(root).db


def test_a_lock_that_somebody_holds_names_the_holder(tmp_path: Path) -> None:
    with (
        locked(Store(tmp_path), "publish"),
        pytest.raises(BusyError, match="is being written by process"),
        locked(Store(tmp_path), "publish", wait_s=0.0),
    ):
        pass
