"""How much a store takes on disk."""

from __future__ import annotations

import os
from contextlib import suppress

from infra.store.connection import Store


def bytes_on_disk(store: Store) -> int:
    """Return the bytes of all files of a store; one that a writer removes meanwhile counts nothing."""
    if store.objects is not None:
        return sum(size for _, size in store.objects.sizes())
    found = 0
    for folder, _, files in os.walk(store.uri):
        for file in files:
            with suppress(FileNotFoundError):
                found += os.stat(os.path.join(folder, file)).st_size  # noqa: PTH116, PTH118 - many thousand files
    return found
