"""Ask several projects the same questions in turns and print each one's median search time in milliseconds.

usage: python -m tests.benchmarks.search_times QUESTIONS PROJECT...

Both legs at the newest release, under the pre-filter of a reader; the question is embedded before the clock.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from flows.workspace import open_workspace
from infra.store import releases
from infra.store.readable import Readable
from infra.store.search import Passages
from tests.benchmarks.trees import question

DEPTH = 30
WARM = 10
READER = Readable(entries=("everyone",))


def main(count: int, projects: list[Path]) -> None:
    workspaces = [open_workspace(project / "headwater.yaml") for project in projects]
    tables = [_table(workspace) for workspace in workspaces]
    embedder = workspaces[0].embedder(next(iter(workspaces[0].indexes.values())))
    asked = [question(n) for n in range(count)]
    vectors = [embedder.embed_query(text) for text in asked]
    spent: list[list[float]] = [[] for _ in tables]
    for text, vector in [*list(zip(asked, vectors, strict=True))[:WARM], *zip(asked, vectors, strict=True)]:
        for n, table in enumerate(tables):
            started = time.perf_counter()
            table.vector_leg(vector, READER, DEPTH)
            table.keyword_leg(text, READER, DEPTH)
            spent[n].append(1_000 * (time.perf_counter() - started))
    print(json.dumps([statistics.median(times[WARM:]) for times in spent]))


def _table(workspace: Any) -> Any:
    last = releases.current(workspace.store)
    assert last is not None
    name = next(iter(last.indexes.values()))["table"]
    return Passages(workspace.store.open(name, version=last.tables[name].version))


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
