"""Readable: which chunks a question may find at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.store.filters import asked_for, both, is_in, readable_by
from schemas.filters import Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """Which chunks a query may see at all: the caller's entries, and what was taken from them since."""

    entries: tuple[str, ...]
    forbidden_documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    """What the caller asked to see of it."""

    def filter(self) -> str:
        """Return the pre-filter; without an entry it keeps nothing."""
        forbidden = (
            f"NOT ({is_in('document_id', self.forbidden_documents)})" if self.forbidden_documents else None
        )
        sources = is_in("source", self.sources) if self.sources else None
        asked = asked_for(self.filters)
        return both(readable_by(self.entries), forbidden, sources, asked) or "false"
