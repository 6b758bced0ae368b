"""What callers pushed into the store: listed from there, and read from the bytes that were sent."""

from __future__ import annotations

import pyarrow as pa

from infra.sources import Listing
from infra.store import Store
from infra.store.pushed import original, pushed
from schemas.item import LISTING
from schemas.quarantine import Reason, Rejected


def open_pushed(name: str, store: Store) -> Pushed:
    """Open a source by its name."""
    return Pushed(name, store)


class Pushed:
    """The items of one source that were pushed and not deleted since; a token is a content's hash."""

    def __init__(self, name: str, store: Store) -> None:
        self._name, self._store = name, store

    def list(self) -> Listing:
        """Return every item there is: what is not there was deleted."""
        found = pushed(self._store, self._name)
        columns = {
            "key": found["key"],
            "token": found["content_hash"],
            "uri": found["uri"],
            "size": found["size"],
            "source_at": found["source_at"],
            "problem": pa.nulls(found.num_rows, pa.string()),
        }
        return Listing(items=pa.table(columns, schema=LISTING).sort_by("key"))

    def fetch(self, key: str) -> bytes:
        """Return an item's bytes as they were pushed."""
        content = original(self._store, self._name, key)
        if content is None:
            raise Rejected(Reason.VANISHED, f"{key!r} was deleted while its source was read")
        return content
