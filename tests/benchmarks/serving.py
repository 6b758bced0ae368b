"""How long POST /v1/context takes beside the bare retrievers people start with; prints a table.

usage: python -m tests.benchmarks.serving ROWS [FOLDER]

A real server in a process of its own and one client that keeps its connection. Each is asked ten questions in
turn, so that all are warm and share what else the machine does: ours answers a whole context (both legs,
rights, citations, prompt), theirs the nearest five passages, in this process, without HTTP. Same texts,
vectors and model; ours in OpenVINO, theirs in torch, as their integrations run it. Besides: what HTTP adds,
and a cold start to the first answer.
With FOLDER the stores stay there and are taken up again.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from flows.workspace import Workspace
from infra.store import releases
from tests.benchmarks.latency import _make, _opened
from tests.benchmarks.measuring import HEADWATER, REPEATS
from tests.benchmarks.peers import K, peers

IN_A_ROW = 10
PEERS = ("LlamaIndex", "LangChain")
START_S = 60
BATCH = 20_000


def main(rows: int, folder: Path) -> None:
    """Make the stores where they are missing, then measure and print."""
    workspace = opened(rows, folder)
    asked = np.load(folder / "questions.npy").tolist()
    others = peers(folder / "peers", lambda: _chunks(workspace))
    print(f"{rows:,} chunks, {len(asked)} questions; p50 / p95 ms, warm, one client")
    with served(folder) as (url, _), httpx.Client(base_url=url, timeout=60) as client:
        ask = {"POST /v1/context": lambda question: len(_asked(client, question)["citations"]), **others}
        spent = _measured(ask, asked, client)
    for name, times in spent.items():
        print(f"{name:<24} {np.percentile(times, 50):>8.2f} / {np.percentile(times, 95):>8.2f}")
    ours, best = np.median(spent["POST /v1/context"]), min(np.median(spent[name]) for name in others)
    print(f"ours is {ours / best:.2f} of the faster retriever (goal: .25 at 100,000 chunks, 1 at 2,000)")
    colds = sorted(_cold_s(folder, asked[0]) for _ in range(max(3, REPEATS)))
    print(f"cold start to the first answer, least of {len(colds)}: {colds[0]:.2f} s (goal: 3)")


def opened(rows: int, folder: Path) -> Workspace:
    """Return the project in a folder, its chunks made where they are missing."""
    workspace = _opened(folder)
    if releases.current(workspace.store) is None:
        _make(workspace, rows, folder)
        workspace = _opened(folder)
    return workspace


@contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `headwater serve` over a project and give its address, once it listens."""
    command = [HEADWATER, "serve", "--port", "0", *more]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        said = re.search(r"http://\S+", server.stdout.readline())
        assert said is not None, "the server did not start"
        yield said[0], server
    finally:
        server.terminate()
        server.wait(START_S)


def _measured(ask: dict[str, Any], asked: list[str], client: httpx.Client) -> dict[str, list[float]]:
    spent: defaultdict[str, list[float]] = defaultdict(list)
    everyone = {**ask, "of that HTTP (/healthz)": lambda _: client.get("/healthz").status_code}
    for at in range(0, len(asked), IN_A_ROW):
        row = asked[at : at + IN_A_ROW]
        for name, one in everyone.items():
            one(row[0])  # not counted: the last one left the machine to itself
            for question in row:
                started = time.perf_counter()
                found = one(question)
                spent[name].append(1_000 * (time.perf_counter() - started))
                assert found == (K if name in PEERS else found) > 0
    return spent


def _asked(client: httpx.Client, question: str) -> Any:
    answer = client.post("/v1/context", json={"question": question})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _cold_s(folder: Path, question: str) -> float:
    """Return seconds from the start of the program to the first answer."""
    started = time.perf_counter()
    with served(folder) as (url, _):
        httpx.post(f"{url}/v1/context", json={"question": question}, timeout=60).raise_for_status()
        return time.perf_counter() - started


def _chunks(workspace: Workspace) -> Iterator[Any]:
    last = releases.current(workspace.store)
    assert last is not None
    table = str(last.indexes["default"]["table"])
    columns = ["chunk_id", "uri", "text", "vector"]
    return workspace.store.stream(table, columns=columns, version=last.tables[table].version, rows=BATCH)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(int(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(int(sys.argv[1]), Path(made))
