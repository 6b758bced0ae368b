"""Where items come from: one small file per kind of place, and one registry to read.

A source lists its items and fetches one at a time; what changed, what is deleted and what is
quarantined is decided elsewhere, the same for every source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from infra.plugins import opener_of
from infra.store import Store
from schemas.project import SourceSection

SOURCES: dict[str, str] = {
    "files": "infra.sources.files:open_files",
    "push": "infra.sources.push:open_pushed",
}
"""Type -> function that opens it; a project file may also name its own function `module:name`."""
IN_STORE = frozenset({"push"})
"""Types whose items are in the store itself: their function is given the source's name and the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything a source has now. Deletions are believed only when the listing is complete."""

    items: pa.Table
    complete: bool = True
    cursor: str = ""
    notes: tuple[str, ...] = field(default=())


class Source(Protocol):
    """A place: lists what it has, and fetches one item's bytes."""

    def list(self) -> Listing:
        """Return what there is now. Raises SourceError or UnavailableError when it cannot be listed."""
        ...

    def fetch(self, key: str) -> bytes:
        """Return an item's bytes. Raises Rejected (VANISHED, UNREADABLE, TOO_LARGE) for this item alone."""
        ...


Opener = Callable[[SourceSection, Path], Source]


def open_source(name: str, section: SourceSection, root: Path, store: Store) -> Source:
    """Open a source; relative paths start at the project file's folder."""
    opener = opener_of(f"source {name!r}", section.type, SOURCES)
    if section.type in IN_STORE:
        return opener(name, store)  # type: ignore[no-any-return]
    return opener(section, root)  # type: ignore[no-any-return]
