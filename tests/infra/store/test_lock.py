"""A lock that cannot be taken says why, and what to do."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from infra.store import Store
from infra.store.lock import locked
from schemas.errors import BusyError, UnwritableError
from tests.s3 import new_store


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


@pytest.mark.parametrize("place", ["disk", "object_storage"])
def test_of_a_table_that_several_make_at_once_no_row_is_lost(
    tmp_path: Path, place: str, request: pytest.FixtureRequest
) -> None:
    rows = pa.table({"n": [1]})
    for n in range(4):
        where = {"uri": tmp_path / str(n)} if place == "disk" else new_store(request.getfixturevalue(place))
        stores, begin = [Store(**where) for _ in range(3)], threading.Barrier(3)

        def add(store: Store, begin: threading.Barrier = begin) -> None:
            begin.wait()
            store.ensure("log", rows.schema).add(rows)

        threads = [threading.Thread(target=add, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert Store(**where).open("log").count_rows() == 3
        assert len({store.secret for store in stores}) == 1


def test_a_lock_that_somebody_holds_names_the_holder(tmp_path: Path) -> None:
    with (
        locked(Store(tmp_path), "publish"),
        pytest.raises(BusyError, match="is being written by process"),
        locked(Store(tmp_path), "publish", wait_s=0.0),
    ):
        pass
