"""Publish small releases one after another and print, for each, the bytes it added to the store, by table.

usage: python -m tests.benchmarks.small_releases PROJECT RELEASES EDITS
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

from flows.stages.ingesting import ingest_source
from flows.workspace import open_workspace
from tests.benchmarks.trees import edit


def main(project: Path, releases: int, edits: int) -> None:
    docs = project / "docs"
    pages = sum(1 for _ in docs.rglob("*.md"))
    out = []
    before = _sizes(project / ".headwater")
    for number in range(releases):
        edit(docs, [(number * edits + n) * 7 % pages for n in range(edits)], revision=1_000 + number)
        started = time.perf_counter()
        run = ingest_source(open_workspace(project / "headwater.yaml"), "docs")
        seconds = time.perf_counter() - started
        assert run.published, run
        after = _sizes(project / ".headwater")
        out.append({"bytes": _added(before, after), "staged": run.bytes_written, "seconds": seconds})
        before = after
    print(json.dumps(out))


def _sizes(store: Path) -> dict[tuple[str, str], int]:
    found = {}
    for folder, _, files in os.walk(store):
        for file in files:
            path = Path(folder) / file
            found[path.relative_to(store).parts[0].removesuffix(".lance"), str(path)] = path.stat().st_size
    return found


def _added(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]) -> dict[str, int]:
    """Return the bytes of files that are new or longer, by table."""
    out: Counter[str] = Counter()
    for (table, path), size in after.items():
        out[table] += max(0, size - before.get((table, path), 0))
    return {table: added for table, added in out.items() if added}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
