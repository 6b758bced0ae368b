"""What a conversation's earlier turns rest on: the contexts that its asker was shown before, by the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.store import Store
from infra.store.interactions import answered
from schemas.acl import intersection

MOST_CHARS = 100_000
"""Of what was answered earlier in one conversation; a longer one is its asker's alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What was shown for earlier answers, and who may read all of it."""

    acl: tuple[str, ...]
    chunk_ids: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()


NOBODYS = Basis(acl=())


class Answers:
    """Answers that were given to each asker, those in the log and those that are about to be in it.

    An asker's own turns count as their question does. What an assistant is made to have said counts by the
    contexts of this answer to this asker, all of them where it was given more than once; where it was never
    given here, nobody else reads the conversation.
    """

    def __init__(self, store: Store, turns: Iterable[Sequence[str]]) -> None:
        self._given: dict[tuple[str | None, str], list[Basis]] = defaultdict(list)
        wanted = {text for earlier in turns if _within(earlier) for text in earlier}
        for row in answered(store, sorted(wanted)):
            self.add(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Know a row of the log, so that later turns may rest on it."""
        if row["answer"] is not None:
            lists = {name: tuple(row[name]) for name in ("acl", "chunk_ids", "document_ids")}
            self._given[row["user"], row["answer"]].append(Basis(**lists))

    def basis_of(self, user: str | None, earlier: Sequence[str]) -> Basis:
        """Return what an asker's earlier turns rest on; at least one is given."""
        found = [self._given.get((user, text), ()) for text in earlier]
        if not _within(earlier) or not all(found):
            return NOBODYS
        shown = [basis for given in found for basis in given]
        return Basis(
            acl=intersection(basis.acl for basis in shown),
            chunk_ids=tuple(dict.fromkeys(chunk for basis in shown for chunk in basis.chunk_ids)),
            document_ids=tuple(dict.fromkeys(one for basis in shown for one in basis.document_ids)),
        )


def _within(earlier: Sequence[str]) -> bool:
    return sum(map(len, earlier)) <= MOST_CHARS
