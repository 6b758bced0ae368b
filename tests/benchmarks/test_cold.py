"""The cold ingest: against the usual way, where its time goes, and whether its vectors are right."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.measuring import (
    HERE,
    REPEATS,
    TIMEOUT_S,
    Timed,
    forget,
    headwater,
    script,
    timed,
)
from tests.benchmarks.table import Row, add
from tests.benchmarks.trees import community

pytestmark = [pytest.mark.gate, pytest.mark.timeout(TIMEOUT_S)]

AIM = 6
AS_LONG_AS_PLAIN = "indexes: {default: {chunker: {type: headings, max_tokens: 256}}}\n"
"""Chunks as the plain script cuts them: smaller ones would be more of them a second for the same text."""
STAGES = ("list", "fetch", "parse", "chunk", "validate", "embed", "stage", "publish")


def cold(folder: Path) -> Timed:
    forget(folder)
    return headwater("ingest", "--json", cwd=folder)


def test_a_cold_ingest_is_at_least_4_times_as_fast_as_the_usual_way(folder: Path) -> None:
    real = community(folder / "docs")
    with (folder / "headwater.yaml").open("a") as file:
        file.write(AS_LONG_AS_PLAIN)
    plain, ours = [], []
    for n in range(REPEATS):
        usual = timed(sys.executable, str(HERE / "plain.py"), "docs", f"plain{n}", cwd=folder)
        plain.append((int(usual.out), usual.wall_s))
        done = cold(folder)
        ours.append((int(done.json["chunks"]["total"]), done.wall_s))
    walls = [statistics.median(wall for _, wall in runs) for runs in (plain, ours)]
    rates = [statistics.median(chunks / wall for chunks, wall in runs) for runs in (plain, ours)]
    where = "kubernetes-community share" if real else "the sample's handbook (no kubernetes-community here)"
    note = (
        f"aim {AIM}; {where}; plain {rates[0]:.1f} chunks/s, {plain[0][0]} chunks, {walls[0]:.1f} s; "
        f"headwater {rates[1]:.1f} chunks/s, {ours[0][0]} chunks, {walls[1]:.1f} s"
    )
    speed = rates[1] / rates[0]
    add(
        Row(name="1b cold, same files", what="wall, headwater against plain", value=walls[1], unit="s",
            peer=walls[0], note=f"{walls[0] / walls[1]:.1f} x as fast by time, whatever the chunks"),
        Row(name="1a cold", what="chunks per second against plain", value=speed, unit="x", limit=4,
            at="least", note=note),
    )  # fmt: skip


def test_the_default_runtime_makes_the_vectors_of_torch_in_fp32() -> None:
    found = script("embedding", "PARITY").json
    corpora = ", ".join(f"{name} {overlap:.3f}" for name, overlap in found["by_corpus"].items())
    runtime = f"{found['runtime']}, {found['questions']} questions"
    add(
        Row(name="1c parity", what=f"mean cosine to fp32, {runtime}", value=found["mean_cosine"], unit="",
            limit=0.9999, at="least"),
        Row(name="1d parity", what="top-10 overlap with fp32", value=found["overlap"], unit="", limit=0.99,
            at="least", note=f"{corpora} {found['note']}"),
    )  # fmt: skip


def test_the_embedder_reaches_this_share_of_the_machine(folder: Path) -> None:
    community(folder / "docs")
    found = script("embedding", "RATE", folder / "docs").json
    share = found["tflop_per_s"] / found["bf16_tflop_per_s"]
    note = (
        f"{found['runtime']}: {found['chunks_per_s']:.0f} chunks/s, {found['tokens_per_s']:,.0f} tokens/s of "
        f"{found['mflop_per_token']:.1f} MFLOP each; {share:.0%} of 2048 x 2048 x 2048, "
        f"{found['tflop_per_s'] / found['bf16_model_shape_tflop_per_s']:.0%} of 4096 x 384 x 1536 "
        f"({found['bf16_model_shape_tflop_per_s']:.2f} TFLOP/s)"
    )
    add(Row(name="1e machine", what="embedder against torch's bf16 products", value=found["tflop_per_s"],
            unit="TFLOP/s", peer=found["bf16_tflop_per_s"], note=note))  # fmt: skip


def test_what_is_not_embedding_is_at_most_a_quarter_of_the_cold_run(folder: Path, one_page: Timed) -> None:
    community(folder / "docs", whole=True)
    runs = [cold(folder) for _ in range(REPEATS)]
    starting = one_page.wall_s - one_page.json["seconds"]["embed"]
    wall, whole = _median(runs, lambda run: run.wall_s), _median(runs, lambda run: _share(run, starting))
    strict = _median(runs, lambda run: _share(run, run.wall_s - run.json["seconds"]["total"]))
    stages = "  ".join(
        f"{stage} {_median(runs, lambda r, s=stage: r.json['seconds'][s]):.1f}" for stage in STAGES
    )
    run = runs[0].json
    note = (
        "share = (wall - embed - start-up) / (wall - start-up), as stages overlap; start-up = a cold ingest "
        f"of one page without its embedding = {starting:.1f} s; {strict:.1%} with only what precedes the run"
    )
    add(
        Row(name="2b profile, stages", what=f"wall of {run['items']['listed']} files", value=wall,
            unit="s", note=f"{stages}; {run['chunks']['total']} chunks"),
        Row(name="2a profile", what="share that is not embedding", value=whole, unit="",
            limit=0.25, note=note),
    )  # fmt: skip


def _share(run: Timed, starting: float) -> float:
    return float((run.wall_s - run.json["seconds"]["embed"] - starting) / (run.wall_s - starting))


def _median(runs: list[Timed], of: Any) -> float:
    return float(statistics.median(of(run) for run in runs))
