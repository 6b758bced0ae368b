"""Builds a table's indices in a process of its own: `python -m infra.store.index_child URI TABLE STEP...`.

Reads the store's options as JSON and prints the version it committed, and what it took, as JSON. Its parent
holds the publish lock.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from infra.store.light_import import import_lancedb
from infra.store.search_index import take

PER_MB = 1024 if sys.platform == "linux" else 1024**2


def main(uri: str, name: str, *steps: str) -> None:
    """Take the steps and say so."""
    started = time.perf_counter()
    options = json.loads(sys.stdin.read() or "{}")
    table = import_lancedb().connect(uri, storage_options=options or None).open_table(name)
    take(table, steps)
    told = {
        "version": table.version,
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // PER_MB,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
