"""Gather rows that come in small tables into larger ones, of which one is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa


def gathered(parts: Iterable[pa.Table], *, rows: int) -> Iterator[pa.Table]:
    """Yield tables of at least so many rows, and at the end one of those that are left, if there are any."""
    some: list[pa.Table] = []
    for part in parts:
        some.append(part)
        if sum(map(len, some)) >= rows:
            yield pa.concat_tables(some)
            some = []
    if any(map(len, some)):
        yield pa.concat_tables(some)
