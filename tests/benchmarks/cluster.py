"""Several machines on this one: an S3 server, a Dask cluster, and what each part of an ingest costs there.

usage: python -m tests.benchmarks.cluster [PAGES] (default 2000)

Prints, from one run: seconds of the work in one process and on 1 and 2 workers; what each stage takes a
worker; the requests that were made; the commits a second that several writers of one table reach, and how
many failed; and what these make of 100 million chunks (infra/decisions/0016). All share two cores, the server
too: only the ratios, and what is counted, mean anything elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from distributed import Client, LocalCluster

from flows.stages import working
from flows.stages.ingesting import ingest_source
from flows.workspace import open_workspace
from infra.store import Store
from schemas.run import STAGES, Run
from tests.benchmarks import trees
from tests.oracle import differences, published
from tests.s3 import new_store, running

WRITERS, COMMITS = (1, 4, 16), 8
ROW_BYTES = 1_640
"""Of a chunk with its vector, as stored (facts of 1M rows)."""
CHUNKS = 100_000_000


def main(pages: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        root, log = Path(folder), Path(folder) / "requests.log"
        trees.generate(trees.project(root), pages)
        with running(log) as options:
            _ingest(root, new_store(options), None, first=200)  # the model is converted, the imports are done
            alone = _timed(root, new_store(options), None, log)
            found: dict[str, Any] = {"pages": pages, "one process": alone}
            workspaces = [alone.pop("workspace")]
            working.PART_ITEMS = max(32, pages // 16)
            for workers in (1, 2):
                with _workers(workers) as cluster:
                    _pin(cluster)
                    _ingest(root, new_store(options), cluster, first=200)
                    timed = _timed(root, new_store(options), cluster, log)
                    workspaces.append(timed.pop("workspace"))
                    found[f"{workers} workers"] = timed
            wrong = [differences(published(workspaces[0]), published(one)) for one in workspaces[1:]]
            found["differences"] = wrong
            found["speed-up of 2 workers"] = round(
                found["1 workers"]["work_s"] / found["2 workers"]["work_s"], 2
            )
            found["commits a second"] = {n: _commits(new_store(options), n) for n in WRITERS}
    found["100 million chunks"] = _arithmetic(found)
    print(json.dumps(found, indent=2))


def _workers(count: int) -> LocalCluster:
    return LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )


def _pin(cluster: LocalCluster) -> None:
    """Give each worker a core: its embedder takes all that it may, and two would contend for them."""

    def pin(core: int) -> None:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})

    cores = sorted(os.sched_getaffinity(0))
    with Client(cluster) as client:
        for n, worker in enumerate(client.scheduler_info()["workers"]):
            client.run(pin, cores[n % len(cores)], workers=[worker])


def _ingest(root: Path, store: dict[str, Any], cluster: Any, first: int | None = None) -> tuple[Any, Run]:
    settings = yaml.safe_load(trees.PROJECT) | {"store": store}
    if cluster is not None:
        settings["runner"] = {"type": "dask", "address": cluster.scheduler_address}
    if first is not None:
        settings["sources"]["docs"]["include"] = ["part-0000/*.md"]
    (root / "headwater.yaml").write_text(yaml.safe_dump(settings))
    workspace = open_workspace(root / "headwater.yaml")
    run = ingest_source(workspace, "docs")
    assert run.published, run
    return workspace, run


def _timed(root: Path, store: dict[str, Any], cluster: Any, log: Path) -> dict[str, Any]:
    at, started = log.stat().st_size, time.perf_counter()
    workspace, run = _ingest(root, store, cluster)
    seconds = time.perf_counter() - started
    chunks = run.chunks.total
    with log.open() as said:
        said.seek(at)
        asked = Counter(re.findall(r'"(GET|PUT|HEAD|POST|DELETE) /', said.read()))
    rest = sum(run.seconds[name] for name in ("list", "publish"))
    return {
        "workspace": workspace,
        "chunks": chunks,
        "seconds": round(seconds, 1),
        "work_s": round(seconds - rest, 1),
        "stages_s": {name: run.seconds[name] for name in STAGES},
        "publish_chunks_a_second": round(chunks / run.seconds["publish"]),
        "requests": dict(asked),
    }


def _commits(place: dict[str, Any], writers: int) -> dict[str, float]:
    """Several writers append to one table, each through its own connection, as fast as they can."""
    rows = pa.table({"n": list(range(100))})
    Store(**place).ensure("commits", rows.schema)
    failed, begin = [0], threading.Barrier(writers + 1)

    def append() -> None:
        store = Store(**place)
        store.open("commits")
        begin.wait()
        for _ in range(COMMITS):
            try:
                store.open("commits").add(rows)
            except (RuntimeError, OSError, ValueError):
                failed[0] += 1

    threads = [threading.Thread(target=append) for _ in range(writers)]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    there = Store(**place).open("commits").count_rows() // rows.num_rows
    assert there == writers * COMMITS - failed[0], "an append was lost or done twice"
    return {"commits": round(there / seconds, 1), "failed": failed[0]}


def _arithmetic(found: dict[str, Any]) -> dict[str, Any]:
    """Return what one worker and one committer need for 100 million chunks at these costs."""
    worker = found["1 workers"]
    busy = {
        name: worker["stages_s"][name] / worker["chunks"]
        for name in STAGES
        if name not in ("list", "publish")
    }
    requests = sum(worker["requests"].values()) / worker["chunks"]
    return {
        "worker_hours": {name: round(CHUNKS * each / 3_600, 1) for name, each in busy.items()},
        "committer_hours": round(CHUNKS / worker["publish_chunks_a_second"] / 3_600, 1),
        "requests": round(CHUNKS * requests),
        "terabytes": round(CHUNKS * ROW_BYTES / 1e12, 2),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
