"""Upgrade: an older store is brought to the format that this code writes, one format at a time.

The number in the table `store` is the commit: it is written last, after the step's tables are on disk. Until
then the older version reads the store, and a step that was broken off is done again from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from infra.store.connection import UNREADABLE, Store
from infra.store.lock import PUBLISH, TABLES, confirm_locks, locked, taken
from infra.store.meta import META
from infra.store.repair import publishing
from infra.store.sync import sync_to_disk
from schemas.errors import HeadwaterError, StoreError
from schemas.release import STORE_FORMAT

TABLE = "store"
OWNER_WAIT_S = 2.0
"""How long a run that is at work may take to end before an upgrade gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a store of one format becomes one of the next."""

    what: str
    """For the person who reads the plan, such as `adds a column to items`."""
    apply: Callable[[Store], None]
    """Done under the publish lock, and again after a crash. It leaves the heads of released tables as the
    last release has them, or publishes one of its own; it deletes nothing that the older format needs."""


STEPS: dict[int, Step] = {}
"""The step from each older format to the next: `{1: Step(...)}` makes a store of format 1 one of format 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What is to be done, or was done, to a store."""

    format: int
    """The format that the store had before."""
    newest: int
    """The format that this code writes."""
    steps: dict[int, Step]

    def as_dict(self) -> dict[str, Any]:
        """Return the upgrade as scripts read it."""
        steps = [{"from": n, "to": n + 1, "what": step.what} for n, step in self.steps.items()]
        return {"format": self.format, "newest": self.newest, "steps": steps}


def plan(store: Store, *, steps: Mapping[int, Step] = STEPS, newest: int = STORE_FORMAT) -> Upgrade:
    """Return the steps that bring a store to the newest format; none for one that is there, or not made yet.

    Raises StoreError for a store of a newer format, or one that this version has no step for.
    """
    found = format_of(store) if store.exists() else newest
    missing = [n for n in range(found, newest) if n not in steps]
    if missing:
        raise StoreError(
            f"the store {store.uri!r} has format {found}; this Headwater has no step from {missing[0]}",
            fix="upgrade it with the version of Headwater that came after the one that wrote it",
        )
    return Upgrade(format=found, newest=newest, steps={n: steps[n] for n in range(found, newest)})


def upgrade(store: Store, *, steps: Mapping[int, Step] = STEPS, newest: int = STORE_FORMAT) -> Upgrade:
    """Bring a store to the newest format and return what was done; nothing for one that is there.

    A failed step is undone, and StoreError says which format that leaves; BusyError while a run is at work.
    """
    due = plan(store, steps=steps, newest=newest)
    if not due.steps:
        return due
    with _alone(store):
        due = plan(store, steps=steps, newest=newest)
        for number, step in due.steps.items():
            _apply(store, number, step)
    return due


def format_of(store: Store) -> int:
    """Return the number of a store's format."""
    rows = store.scan(TABLE).to_pylist()
    return next(int(row["value"]) for row in rows if row["name"] == "format")


def _apply(store: Store, number: int, step: Step) -> None:
    heads = _heads(store)
    try:
        step.apply(store)
        sync_to_disk(store.uri)
        confirm_locks()
        _set_format(store, number + 1)
    except BaseException as problem:
        lost = _put_back(store, heads)
        if not isinstance(problem, Exception):
            raise
        raise StoreError(
            f"the step from format {number} to {number + 1} ({step.what}) failed: {problem}",
            fix="mend the cause and run `headwater upgrade` again; the older Headwater works until then",
            state=_state(number, lost),
        ) from problem
    sync_to_disk(store.uri)


def _heads(store: Store) -> dict[str, int]:
    return {name: store.open(name).version for name in store.names()}


def _set_format(store: Store, number: int) -> None:
    rows = pa.Table.from_pylist([{"name": "format", "value": str(number)}], schema=META)
    merge = store.open(TABLE).merge_insert("name").when_matched_update_all()
    merge.use_index(use_index=False).execute(rows)


def _put_back(store: Store, heads: Mapping[str, int]) -> list[str]:
    """Give every table the contents it had, drop the new ones, and return those that cannot be mended."""
    lost = []
    for name, version in heads.items():
        try:
            table = store.open(name)
            if table.version != version:
                table.restore(version)
        except (HeadwaterError, *UNREADABLE):
            lost.append(name)
    for name in set(store.names()) - heads.keys():
        with suppress(*UNREADABLE):
            store.drop(name)
    sync_to_disk(store.uri)
    return lost


def _state(number: int, lost: list[str]) -> str:
    if lost:
        return f"the store says format {number}, but these tables could not be put back: {', '.join(lost)}"
    return f"every table is as it was: the store has format {number}"


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Hold every lock that a run of this store has ever taken, in the order in which runs take them."""
    with ExitStack() as held:
        for name in [name for name in taken(store) if name not in (PUBLISH, TABLES)]:
            held.enter_context(locked(store, name, wait_s=OWNER_WAIT_S))
        held.enter_context(publishing(store, wait_s=OWNER_WAIT_S))
        yield
