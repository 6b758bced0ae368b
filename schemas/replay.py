"""Replay: which contexts that were served would be others at another release."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A request whose context is not the same at both releases."""

    question: str
    view: str
    principal: tuple[str, ...]
    """The acl entries of who asked."""
    answerable: bool
    was_answerable: bool
    digest: str
    was_digest: str
    """A digest holds the release's own fence: two releases never have the same one."""
    added: tuple[str, ...] = ()
    """URIs of passages that are cited now; twice where two passages of one document are."""
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Requests asked again: how many, and those whose context would change."""

    release: int
    against: int
    requests: int
    changed: tuple[Changed, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the replay as scripts read it."""
        return {**asdict(self), "unchanged": self.requests - len(self.changed)}
