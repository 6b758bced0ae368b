"""What was pushed: the newest of each key, its bytes, and nothing lost by a kill between two commits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.store import Store, pushed
from infra.store.pushed import PushedItem

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def noon() -> datetime:
    return NOON


def a_second_later() -> datetime:
    return NOON + timedelta(seconds=1)


def item(key: str, content: bytes) -> PushedItem:
    return PushedItem(key=key, content=content, uri=f"push:{key}")


def keys(store: Store) -> list[str]:
    return sorted(pushed.pushed(store, "inbox")["key"].to_pylist())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_the_newest_of_a_key_counts_and_the_bytes_of_none_are_collected(store: Store) -> None:
    pushed.push(store, "inbox", [item("a", b"1"), item("b", b"2"), item("a", b"3")], run_id="r1", clock=noon)
    pushed.push(store, "other", [item("a", b"4")], run_id="r2", clock=noon)
    pushed.push(store, "inbox", [item("b", b"5")], run_id="r3", clock=a_second_later)

    assert keys(store) == ["a", "b"]
    assert [pushed.original(store, one, "a") for one in ("inbox", "other")] == [b"3", b"4"]
    assert pushed.original(store, "inbox", "b") == b"5"
    assert pushed.collect_originals(store) == 1  # b"2"; b"1" was never kept
    assert pushed.unpush(store, "inbox", ["a", "none"], run_id="r4", clock=noon) == 1
    assert keys(store) == ["b"]
    assert pushed.original(store, "inbox", "a") is None
    assert [row["run_id"] for row in pushed.pushes(store, source="inbox")] == ["r1", "r4", "r3"]


def test_a_kill_between_the_new_row_and_the_end_of_the_old_one_leaves_the_new_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed.push(store, "inbox", [item("a", b"1")], run_id="r1", clock=noon)
    with monkeypatch.context() as patch:
        patch.setattr(pushed, "within", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pushed.push(store, "inbox", [item("a", b"2")], run_id="r2", clock=a_second_later)

    assert keys(store) == ["a"]
    assert pushed.original(store, "inbox", "a") == b"2"


def test_it_is_logged_as_of_when_it_was_there_so_no_run_that_began_before_counts(store: Store) -> None:
    hours = iter(range(24))

    def clock() -> datetime:
        assert not (store.exists() and store.has(pushed.LOG))
        return NOON + timedelta(hours=next(hours), minutes=len(keys(store)))

    pushed.push(store, "inbox", [item("a", b"1")], run_id="r1", clock=clock)

    assert [row["at"] for row in pushed.pushes(store)] == [NOON + timedelta(hours=1, minutes=1)]
