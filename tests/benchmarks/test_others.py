"""The start of the program, the accuracy of plans, and search after many small releases."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

import pytest

from tests.benchmarks.measuring import REPEATS, TIMEOUT_S, headwater, median_s, repeated, scaled, script
from tests.benchmarks.table import Row, add
from tests.benchmarks.trees import generate, project

pytestmark = [pytest.mark.gate, pytest.mark.timeout(TIMEOUT_S)]

RELEASES, EDITS, QUESTIONS = 100, 5, 200


def test_help_answers_in_half_a_second(folder: Path) -> None:
    runs = repeated(lambda: headwater("--help", cwd=folder), 5)
    add(Row(name="7 start", what="headwater --help, median of 5", value=median_s(runs), unit="s", limit=0.5))


def test_a_plan_says_within_a_factor_of_2_what_the_ingest_takes(folder: Path) -> None:
    docs = folder / "docs"
    off: list[float] = []
    notes: list[str] = []
    pages = 0
    for n, size in enumerate((600, 60, 20, 1_500)):
        generate(docs, scaled(size, 4), first=pages)
        pages += scaled(size, 4)
        plan = headwater("plan", "--json", cwd=folder).json[0]
        ingest = headwater("ingest", "--json", cwd=folder)
        took = ingest.json["seconds"]["total"]
        if n >= 2:
            off.append(max(plan["seconds"] / took, took / plan["seconds"]))
            notes.append(
                f"{plan['parsed']} files: planned {plan['seconds']:.1f}, run {took:.1f}, "
                f"wall {ingest.wall_s:.1f} s"
            )
    add(
        Row(
            name="8 plan",
            what="seconds, the worse of two",
            value=max(off),
            unit="x",
            limit=2,
            note="; ".join(notes),
        )
    )


def test_maintain_brings_search_back_to_that_of_a_fresh_build(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    generate(folder / "docs", scaled(2_000))
    headwater("ingest", "--json", cwd=folder)
    many = script("small_releases", folder, max(5, scaled(RELEASES)), EDITS).json
    fresh = tmp_path_factory.mktemp("fresh")
    project(fresh)
    shutil.copytree(folder / "docs", fresh / "docs", dirs_exist_ok=True)
    headwater("ingest", "--json", cwd=fresh)
    before = _search(folder, fresh)
    done = headwater("maintain", "--json", cwd=folder)
    after = _search(folder, fresh)
    seconds = [one["seconds"] for one in many]
    note = (
        f"{len(many)} releases of {EDITS} edits ({statistics.median(seconds):.2f} s each in one process, the "
        f"last 5 {statistics.median(seconds[-5:]):.2f} s); search before {before[0]:.1f} ms; "
        f"maintain took {done.wall_s:.1f} s, {done.json['bytes_before'] / 1e6:.1f} to "
        f"{done.json['bytes_after'] / 1e6:.1f} MB"
    )
    add(Row(name="9 maintain", what="median search, both legs", value=after[0], unit="ms",
            limit=1.2 * after[1], note=f"fresh build {after[1]:.1f} ms; {note}"))  # fmt: skip


def _search(*projects: Path) -> list[float]:
    runs = [script("search_times", QUESTIONS, *projects).json for _ in range(REPEATS)]
    return [statistics.median(run[n] for run in runs) for n in range(len(projects))]
