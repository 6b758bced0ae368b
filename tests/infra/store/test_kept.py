"""What is kept has a limit, and what was used longest ago goes first."""

from __future__ import annotations

from infra.store.kept import Kept, text_bytes


def test_what_was_used_longest_ago_makes_room() -> None:
    kept: Kept[int] = Kept(2)
    numbers = iter(range(10))
    found = [kept.made(name, lambda: next(numbers)) for name in "abacab"]

    assert found == [0, 1, 0, 2, 0, 3]


def test_texts_take_no_more_than_their_room_and_a_larger_one_is_not_kept() -> None:
    kept: Kept[str] = Kept(1_000, text_bytes)
    for n in range(50):
        kept.put(n, "x" * 100)

    assert [n for n in range(50) if kept.get(n) is not None] == list(range(44, 50))
    assert kept.put("long", "x" * 2_000) == "x" * 2_000
    assert kept.get("long") is None
    kept.clear()
    assert kept.get(49) is None
