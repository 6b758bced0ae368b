"""How much a store takes on disk."""

from __future__ import annotations

import os

from infra.store.connection import Store


def bytes_on_disk(store: Store) -> int:
    """Return the bytes of all files of a local store; an object store does not say, and counts as 0."""
    if "://" in store.uri:
        return 0
    sizes = (
        os.stat(os.path.join(folder, file)).st_size  # noqa: PTH116, PTH118 - many thousand files
        for folder, _, files in os.walk(store.uri)
        for file in files
    )
    return sum(sizes)
