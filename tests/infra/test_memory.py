from __future__ import annotations

import ctypes
from typing import Any

import pyarrow as pa
import pytest

from infra import memory


def test_a_system_whose_library_cannot_give_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def without(name: object) -> Any:
        asked.append(name)
        return object()

    monkeypatch.setattr(ctypes, "CDLL", without)

    memory.bound_heaps()
    memory.give_back()

    assert asked == [None, None]


def test_freed_memory_can_be_given_back_at_any_time() -> None:
    kept = [b"x" * 100_000 for _ in range(100)]
    del kept[::2]

    memory.give_back()

    assert {len(one) for one in kept} == {100_000}


def test_heaps_are_bounded_for_the_whole_process() -> None:
    told: list[tuple[int, int]] = []

    class Library:
        def mallopt(self, setting: int, value: int) -> int:
            told.append((setting, value))
            return 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ctypes, "CDLL", lambda _: Library())
        memory.bound_heaps()

    assert told == [(-8, 2), (-3, 256 * 1024)]
    assert pa.default_memory_pool().backend_name == "system"
