from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.item import ITEM
from schemas.quarantine import TRANSIENT, Reason
from transforms.changes import KNOWN, LISTED, Changes, changed_rows, compare, may_pass_by_itself

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE_S, DAY_S = 60, 24 * 60 * 60


def listed(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(LISTED.names, row, strict=True)) for row in rows], schema=LISTED)


def item(key: str, **more: Any) -> dict[str, Any]:
    filled = {"item_id": key, "source": "s", "key": key, "token": "t", "content_hash": "h", "state": "live"}
    return {**dict.fromkeys(ITEM.names), **filled, "parse_fp": "p", "tries": 1, "listed_at": 0, **more}


def items(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=ITEM)


def document(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "content_hash": "h", "parse_fp": "p", "meta_hash": "m", "status": "live", **more}


def documents(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=KNOWN)


def changes(listing: pa.Table, seen: pa.Table, known: pa.Table, now: datetime = NOW) -> Changes:
    return compare(listing, seen, known, meta_hash="m", now=now)


def test_a_new_item_and_one_whose_token_moved_are_fetched() -> None:
    found = changes(
        listed(("new", "t", "p"), ("moved", "t2", "p")), items(item("moved")), documents(document("moved"))
    )

    assert found.fetch == ("moved", "new")


def test_an_item_nothing_happened_to_is_left_alone() -> None:
    found = changes(listed(("a", "t", "p")), items(item("a")), documents(document("a")))

    assert found.unchanged == ("a",)


def test_a_moved_parser_asks_for_a_redo_and_a_moved_label_does_not() -> None:
    seen, known = items(item("a"), item("b")), documents(document("a"), document("b", meta_hash="old"))

    found = changes(listed(("a", "t", "p2"), ("b", "t", "p")), seen, known)

    assert (found.redo, found.meta) == (("a",), ("b",))


def test_a_quarantined_item_waits_until_its_bytes_or_its_parser_change() -> None:
    seen = items(
        item("same", state="quarantined", reason="corrupt"),
        item("parser", state="quarantined", reason="corrupt", parse_fp="old"),
        item("transient", state="quarantined", reason="vanished"),
        item("stale", state="stale", reason="corrupt"),
    )
    listing = listed(*((key, "t", "p") for key in ("same", "parser", "transient", "stale")))

    found = changes(listing, seen, documents(document("stale", status="stale")))

    assert found.quarantined == ("same", "stale")
    assert found.fetch == ("parser", "transient")


@pytest.mark.parametrize(
    ("tries", "rests_s"),
    [(1, MINUTE_S), (2, 4 * MINUTE_S), (3, 16 * MINUTE_S), (6, 1024 * MINUTE_S), (7, DAY_S), (500, DAY_S)],
)
def test_what_may_pass_by_itself_rests_four_times_as_long_after_each_try_and_a_day_at_most(
    tries: int, rests_s: int
) -> None:
    rested = [may_pass_by_itself("vanished", tries, waited_s) for waited_s in (rests_s - 0.5, rests_s)]

    assert rested == [False, True]


def test_a_parser_that_ran_out_of_time_or_memory_gets_one_more_try_and_permanent_reasons_none() -> None:
    for reason in Reason:
        tried_again = [may_pass_by_itself(reason, tries, 10 * DAY_S) for tries in (1, 2)]
        poison = reason in (Reason.PARSER_TIMEOUT, Reason.PARSER_MEMORY)
        assert tried_again == [reason in TRANSIENT, reason in TRANSIENT and not poison]


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(sorted(Reason)), st.integers(1, 12), st.integers(0, 2 * DAY_S))
def test_many_items_are_compared_by_the_rule_for_one(reason: Reason, tries: int, waited_s: int) -> None:
    listed_at = NOW - timedelta(seconds=waited_s)
    seen = items(item("a", state="quarantined", reason=reason, tries=tries, listed_at=listed_at))

    found = changes(listed(("a", "t", "p")), seen, documents())

    assert (found.fetch == ("a",)) is may_pass_by_itself(reason, tries, waited_s)
    assert found.listed == 1


def test_a_rollback_is_noticed_because_the_release_no_longer_has_what_was_listed() -> None:
    found = changes(listed(("a", "t", "p")), items(item("a", content_hash="new")), documents(document("a")))

    assert found.fetch == ("a",)


def test_what_is_no_longer_listed_is_gone_whether_it_was_published_or_quarantined() -> None:
    found = changes(listed(), items(item("q", state="quarantined")), documents(document("d")))

    assert found.gone == ("d", "q")


KEYS = st.sampled_from(list("abcdef"))


@settings(deadline=None, max_examples=50)
@given(st.sets(KEYS), st.sets(KEYS), st.sets(KEYS), st.data())
def test_every_listed_key_is_in_exactly_one_list(
    now: set[str], seen: set[str], known: set[str], data: st.DataObject
) -> None:
    words = st.sampled_from(["x", "y"])
    states = st.sampled_from(["live", "quarantined", "stale"])
    found = changes(
        listed(*((key, data.draw(words), data.draw(words)) for key in sorted(now))),
        items(
            *(
                item(k, token=data.draw(words), parse_fp=data.draw(words), state=data.draw(states))
                for k in sorted(seen)
            )
        ),
        documents(
            *(document(key, parse_fp=data.draw(words), meta_hash=data.draw(words)) for key in sorted(known))
        ),
    )

    lists = (found.fetch, found.redo, found.meta, found.unchanged, found.quarantined)
    assert sorted(key for one in lists for key in one) == sorted(now)
    assert set(found.gone) == (seen | known) - now
    assert found.listed == len(now)


def test_only_rows_that_differ_are_changed_and_nulls_and_lists_compare_as_values() -> None:
    old = pa.table(
        {"id": ["a", "b", "c"], "x": [1, None, 3], "acl": [["e"], ["e"], ["e"]], "vector": [1, 2, 3]}
    )
    new = pa.table({"id": ["a", "b", "c", "d"], "x": [1, None, 4, 5], "acl": [["e"], ["f"], ["e"], []]})

    assert changed_rows(new, old, key="id")["id"].to_pylist() == ["b", "c", "d"]
    assert changed_rows(new.slice(0, 1), old, key="id").num_rows == 0
