"""How much a store takes on disk."""

from __future__ import annotations

import os

from infra.store.connection import Store


def bytes_on_disk(store: Store) -> int:
    """Return the bytes of all files of a store."""
    if store.objects is not None:
        return sum(size for _, size in store.objects.sizes())
    sizes = (
        os.stat(os.path.join(folder, file)).st_size  # noqa: PTH116, PTH118 - many thousand files
        for folder, _, files in os.walk(store.uri)
        for file in files
    )
    return sum(sizes)
