"""Caps: never more than so many, and no fewer than fit."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from transforms.datasets.sieves.caps import over, rank_of, within

GROUPS = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))


@given(st.lists(GROUPS, max_size=30), st.integers(1, 5), st.integers(1, 5))
def test_no_cap_is_passed_and_what_is_left_out_would_have_passed_one(
    rows: list[tuple[str, str]], sources: int, authors: int
) -> None:
    limits = {"source": sources, "author": authors}
    told = [(rank_of(str(n)), (("source", s), ("author", a))) for n, (s, a) in enumerate(rows)]
    kept = within(told, limits)
    counts = Counter(group for n in kept for group in told[n][1])
    assert all(n <= limits[kind] for (kind, _), n in counts.items())
    for n in set(range(len(rows))) - kept:
        assert any(counts[group] == limits[group[0]] for group in told[n][1])


def test_a_cap_keeps_the_same_rows_when_others_come() -> None:
    rows = [(rank_of(str(n)), (("source", "a"),)) for n in range(50)]
    before = {rows[n][0] for n in within(rows[:40], {"source": 10})}
    after = {rows[n][0] for n in within(rows, {"source": 10})}
    assert len(before & after) >= 7


def test_what_has_no_cap_is_not_counted() -> None:
    rows = [("r", (("document", "d"),))] * 5
    assert within(rows, {"source": 1}) == set(range(5))
    assert over((("document", "d"), ("source", "s")), {"source": 1}) == "source=s"
