from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.acl import EVERYONE, Entry, intersection, is_entry, parse_entry

ENTRIES = st.sampled_from([EVERYONE, "group:a", "group:b", "user:a", "user:b"])
ACLS = st.lists(ENTRIES, max_size=4)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("everyone", Entry("everyone", "")),
        ("group:hr", Entry("group", "hr")),
        ("user:ann", Entry("user", "ann")),
        ("user:ann@acme.test", Entry("user", "ann@acme.test")),
        ("group:a:b", Entry("group", "a:b")),
        ('group:O\'Neil "x" and sons', Entry("group", 'O\'Neil "x" and sons')),
        ("user:józef 王", Entry("user", "józef 王")),
    ],
)
def test_an_entry_is_everyone_a_group_or_a_user(text: str, entry: Entry) -> None:
    assert parse_entry(text) == entry
    assert is_entry(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hr",
        "Everyone",
        "everyone ",
        "group",
        "group:",
        "user: ",
        "user: ann",
        "user:ann ",
        "role:x",
        ":x",
        "group:a\nb",
        "user:a\x00",
        "user:a\u200bnn",
        "user:a\u2028b",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert not is_entry(text)
    with pytest.raises(ValueError, match="acl entry"):
        parse_entry(text)


def readers(acl: tuple[str, ...] | list[str]) -> set[tuple[str, str]]:
    """Return who of all pairs of a user and a group may read."""
    pairs = {(user, group) for user in "abx" for group in "abx"}
    return {(u, g) for u, g in pairs if {EVERYONE, f"user:{u}", f"group:{g}"} & set(acl)}


@given(acls=st.lists(ACLS, min_size=1, max_size=4))
def test_an_intersection_lets_in_nobody_whom_one_of_them_keeps_out(acls: list[list[str]]) -> None:
    shared = intersection(acls)

    assert readers(shared) <= set.intersection(*(readers(acl) for acl in acls))
    if all(EVERYONE not in acl for acl in acls):
        assert set(shared) == set.intersection(*(set(acl) for acl in acls))


def test_everyone_leaves_the_others_as_they_are() -> None:
    assert intersection([["everyone"], ["user:a", "group:hr"], ["everyone", "user:b"]]) == (
        "group:hr",
        "user:a",
    )
    assert intersection([["everyone"], ["everyone"]]) == ("everyone",)


def test_nothing_and_nobody_are_closed() -> None:
    assert intersection([]) == ()
    assert intersection([[], ["everyone"]]) == ()
