"""A preview: a store as if one more release had been published, for those who judge it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from infra.store import releases
from infra.store.connection import Store
from schemas.release import Release

T = TypeVar("T")


class PreviewStore(Store):
    """Another store's tables with a release on top that has no row yet. Only its owner reads through it."""

    def __init__(self, store: Store, release: Release) -> None:
        super().__init__(store.uri, storage_options=store.options)
        self.__dict__["db"] = store.db  # one connection, and what it has cached
        self._release = release

    def derived(self, name: str, make: Callable[[], list[T]]) -> list[T]:
        """Return what is made of a small table; of the releases, with the one to be."""
        found = super().derived(name, make)
        return found + cast("list[T]", [self._release] if name == releases.TABLE else [])
