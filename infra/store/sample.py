"""A sample of a chunk table: the same rows each time, from all over it."""

from __future__ import annotations

from infra.store.connection import Store

DIGITS = 4
"""Of a chunk_id, which is a hash in hexadecimal: what starts low is as good as drawn by lot."""


def sampled_texts(store: Store, table: str, rows: int, *, version: int | None = None) -> list[str]:
    """Return the texts of about so many chunks of a table; of all of them where there are no more."""
    there = store.open(table, version=version).count_rows()
    if there == 0:
        return []
    share = min(1.0, rows / there)
    below = f"chunk_id < '{int(share * 16**DIGITS):0{DIGITS}x}'" if share < 1 else None
    found: list[str] = store.scan(table, ["text"], where=below, version=version)["text"].to_pylist()
    return found
