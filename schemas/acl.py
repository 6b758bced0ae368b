"""Who may read: an acl is a list of entries, `everyone`, `group:<name>` or `user:<name>`.

Whoever matches one entry may read. An empty acl is read by nobody: unknown means closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

EVERYONE = "everyone"
KINDS = ("group", "user")


class Entry(NamedTuple):
    """One entry of an acl: its kind, `everyone`, `group` or `user`, and the name, empty for `everyone`."""

    kind: str
    name: str


def parse_entry(text: str) -> Entry:
    """Return an acl entry from its text; ValueError says what is wrong with it.

    A name is any printable text, quotes and colons included, without white space around it.
    """
    if text == EVERYONE:
        return Entry(EVERYONE, "")
    kind, _, name = text.partition(":")
    if kind not in KINDS:
        raise ValueError(f"acl entry {text!r} is none of 'everyone', 'group:<name>', 'user:<name>'")
    if not name or name != name.strip():
        raise ValueError(f"acl entry {text!r} has no name, or white space around it")
    if not name.isprintable():
        raise ValueError(f"acl entry {text!r} has a control or invisible character in its name")
    return Entry(kind, name)


def is_entry(text: str) -> bool:
    """Return whether a text is an acl entry."""
    try:
        parse_entry(text)
    except ValueError:
        return False
    return True


def intersection(acls: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return who may read all of several things, sorted.

    It never lets in more than that, and may let in fewer: a user who reads one thing by name and the other
    by group is in no entry that both share. Of no things at all the answer is nobody.
    """
    shared: set[str] | None = None
    empty = True
    for acl in acls:
        empty = False
        if EVERYONE not in acl:
            shared = set(acl) if shared is None else shared & set(acl)
    if empty:
        return ()
    return (EVERYONE,) if shared is None else tuple(sorted(shared))
