"""A server under load for as long as one likes: errors, latency and memory; prints a line a minute.

usage: python -m tests.benchmarks.soaking ROWS SECONDS [FOLDER]

First as many clients as the server works on at once ask without a pause: that is saturation. Then requests
are sent at 70% of that rate, at moments drawn beforehand, whether or not earlier ones were answered.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from tests.benchmarks.serving import opened, served

CLIENTS, SATURATION_S, SHARE = 4, 15.0, 0.7
EVERY_S = 60.0
SEED = 7


@dataclass
class Load:
    """What was answered since the last line, and in all."""

    statuses: Counter[str] = field(default_factory=Counter)
    times_ms: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)


def main(rows: int, seconds: float, folder: Path) -> None:
    """Make the store where it is missing, then load the server and print."""
    opened(rows, folder)
    asked = np.load(folder / "questions.npy").tolist()
    with served(folder) as (url, _):
        asyncio.run(_soaked(url, asked, seconds))


async def _soaked(url: str, asked: list[str], seconds: float) -> None:
    limits = httpx.Limits(max_connections=512, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        rate = await _saturation(client, asked)
        print(
            f"saturation {rate:.1f} requests/s with {CLIENTS} clients; {SHARE:.0%} of it for {seconds:.0f} s"
        )
        load, started, due = Load(), time.perf_counter(), 0.0
        draw, sent = random.Random(SEED), set[asyncio.Task[None]]()
        shown = started
        while due < seconds:
            due += draw.expovariate(SHARE * rate)
            await asyncio.sleep(max(0.0, started + due - time.perf_counter()))
            task = asyncio.create_task(_ask(client, f"{draw.choice(asked)} {draw.random():.3f}", load))
            sent.add(task)
            task.add_done_callback(sent.discard)
            if time.perf_counter() - shown >= EVERY_S:
                shown = time.perf_counter()
                await _show(client, load)
        await asyncio.gather(*sent)
        await _show(client, load)
        first, last = load.resident_mb[0], load.resident_mb[-1]
        wrong = {status: count for status, count in load.statuses.items() if status != "200"}
        print(
            f"{load.statuses.total():,} requests, errors {wrong or 'none'}, "
            f"memory {first:.0f} -> {last:.0f} MB"
        )


async def _saturation(client: httpx.AsyncClient, asked: list[str]) -> float:
    load, ends = Load(), time.perf_counter() + SATURATION_S

    async def one(n: int) -> None:
        while time.perf_counter() < ends:
            n += CLIENTS
            await _ask(client, asked[n % len(asked)], load)

    await asyncio.gather(*(one(n) for n in range(CLIENTS)))
    return load.statuses["200"] / SATURATION_S


async def _ask(client: httpx.AsyncClient, question: str, load: Load) -> None:
    started = time.perf_counter()
    try:
        answer = await client.post("/v1/context", json={"question": question})
        load.statuses[str(answer.status_code)] += 1
    except httpx.HTTPError as problem:
        load.statuses[type(problem).__name__] += 1
    load.times_ms.append(1_000 * (time.perf_counter() - started))


async def _show(client: httpx.AsyncClient, load: Load) -> None:
    lines = (await client.get("/metrics")).text.splitlines()
    told = {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if not line.startswith("#")}
    load.resident_mb.append(told["process_resident_memory_bytes"] / 1024**2)
    p50, p99 = np.percentile(load.times_ms, [50, 99])
    print(
        f"{load.statuses.total():>8,} answered  p50 {p50:.1f}  p99 {p99:.1f} ms  "
        f"{load.resident_mb[-1]:.0f} MB  logged {told['headwater_interactions_logged_total']:,.0f}  "
        f"statuses {dict(load.statuses)}",
        flush=True,
    )
    load.times_ms.clear()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(int(sys.argv[1]), float(sys.argv[2]), Path(made))
