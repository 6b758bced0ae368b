"""Only the change is paid for: no-ops, deltas, memory and bytes as the corpus grows."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.growing import DELTA, EDITS, NAMES, SIZES, Grown, grown
from tests.benchmarks.measuring import HERE, TIMEOUT_S, Timed, forget, scaled, timed
from tests.benchmarks.table import Row, add
from tests.benchmarks.trees import generate

pytestmark = [pytest.mark.gate, pytest.mark.timeout(TIMEOUT_S)]

HEAVY = {"torch", "unstructured", "prefect", "great_expectations", "transformers", "sentence_transformers"}
FLAT = 1.2
MONTH_MINUTES = 30 * 24 * 60
KEPT = 24 * 60 + 6 * 24 + 23
"""Releases of a month of minutes that `policy.keep` leaves: a day of all, six days of hours, then days."""
MONTH_GB = 5
MONTH_ROWS = 20_000
ALONE: dict[int, Timed] = {}
"""Cold runs without index building, by size."""


@pytest.fixture(scope="module", autouse=True)
def _cleared() -> Iterator[None]:
    yield
    for size in SIZES:
        shutil.rmtree(grown(size).folder, ignore_errors=True)
    grown.cache_clear()


@pytest.mark.parametrize("size", SIZES)
def test_growth(size: int) -> None:
    found = grown(size)
    _grown_rows(size, found)


def test_a_no_op_costs_3_seconds_and_a_twentieth_of_reading_all() -> None:
    found = grown(10_000)
    limit = 3 + 0.05 * found.sha256sum_s
    add(Row(name="3a no-op", what=f"{found.pages} files, wall", value=found.idle_s, unit="s", limit=limit,
            note=f"sha256sum of the tree takes {found.sha256sum_s:.2f} s"))  # fmt: skip


def test_a_no_op_imports_neither_model_nor_parser_nor_orchestrator() -> None:
    headwater = Path(sys.executable).parent / "headwater"
    command = (sys.executable, "-X", "importtime", str(headwater), "ingest", "--json")
    done = timed(*command, cwd=grown(10_000).folder)
    names = {
        line.rpartition("|")[2].strip() for line in done.err.splitlines() if line.startswith("import time:")
    }
    assert "typer" in names, "the list of imports is not what it was"
    heavy = sorted(names & HEAVY)
    assert done.json["state"] == "unchanged"
    add(Row(name="3b no-op", what="heavy packages imported", value=len(heavy), unit="", limit=0,
            note=", ".join(heavy) or f"none of {', '.join(sorted(HEAVY))}"))  # fmt: skip


def test_a_change_of_a_hundredth_costs_its_share_and_the_start() -> None:
    found = grown(10_000)
    share = 0.01 * found.cold_s
    note = (
        f"limit 1.5 x 1% of the cold run ({found.cold_s:.1f} s) + start-up, which a change of one file is "
        f"({found.one_s:.1f} s); a no-op takes {found.idle_s:.1f} s, and loads no model, parser or judge"
    )
    add(Row(name="4 delta", what=f"1% of {found.pages} files, wall", value=found.percent_s, unit="s",
            limit=1.5 * share + found.one_s, note=note))  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_memory_without_index_building(size: int) -> None:
    found = grown(size)
    forget(found.folder)
    shutil.rmtree(found.folder / "docs")
    generate(found.folder / "docs", found.pages)
    command = (sys.executable, str(HERE / "without_indices.py"), "ingest", "--json")
    ALONE[size] = timed(*command, cwd=found.folder, memory=True)
    first = ALONE[SIZES[0]].main_mb
    add(
        Row(name=f"5d memory {NAMES[size]}", what="main without index building, VmHWM",
            value=ALONE[size].main_mb, unit="MB", limit=FLAT * first if size != SIZES[0] else None,
            note=f"its children {ALONE[size].children_mb:.0f} MB (largest sum of VmRSS at one moment)"),
    )  # fmt: skip


def test_small_releases_for_a_month_stay_under_5_gb() -> None:
    low, high = grown(SIZES[-2]), grown(SIZES[-1])
    slope = (high.release_bytes - low.release_bytes) / (high.pages - low.pages)
    each = low.release_bytes + slope * (MONTH_ROWS - low.pages)
    note = (
        f"{each / 1e6:.3f} MB a release at {MONTH_ROWS} chunks, on a line from {low.pages} to {high.pages}, "
        f"x the {KEPT} releases that the default policy keeps, without the data itself; "
        f"{each * MONTH_MINUTES / 1e9:.1f} GB are written in all {MONTH_MINUTES}"
    )
    add(Row(name="6b bytes, a month", what=f"kept of a release a minute at {scaled(MONTH_ROWS)} chunks",
            value=each * KEPT / 1e9, unit="GB", limit=MONTH_GB, note=note))  # fmt: skip


def _grown_rows(size: int, found: Grown) -> None:
    name = NAMES[size]
    base = grown(SIZES[0])
    by_table: Counter[str] = Counter()
    for one in found.releases:
        by_table.update(one["bytes"])
    tables = "  ".join(
        f"{table} {added / len(found.releases) / 1e3:.1f}" for table, added in by_table.most_common()
    )
    first, last = (sum(found.releases[n]["bytes"].values()) / 1e3 for n in (0, -1))
    staged = sum(one["staged"] for one in found.releases) / len(found.releases) / 1e3
    note = f"kB by table: {tables}; first {first:.0f}, last {last:.0f}; staged and dropped {staged:.0f}"
    add(
        Row(name=f"5a cold {name}", what=f"{found.pages} pages, wall", value=found.cold_s, unit="s",
            note=f"{found.pages / found.cold_s:.0f} pages/s; " + _stages(found.cold)),
        Row(name=f"5b no-op {name}", what="wall", value=found.idle_s, unit="s", peer=base.idle_s),
        Row(name=f"5c delta {name}", what=f"{DELTA} files changed, wall", value=found.delta_s, unit="s",
            peer=base.delta_s, note=f"one file {found.one_s:.2f} s, 1% {found.percent_s:.2f} s"),
        Row(name=f"5e memory {name}", what="main with index building, VmHWM",
            value=found.cold.main_mb, unit="MB", peer=base.cold.main_mb,
            note=f"its children {found.cold.children_mb:.0f} MB"),
        Row(name=f"6a bytes {name}", what=f"a release of {EDITS} edited pages", unit="MB",
            value=found.release_bytes / 1e6, note=note),
    )  # fmt: skip


def _stages(run: Timed) -> str:
    return "  ".join(f"{stage} {spent:.1f}" for stage, spent in run.json["seconds"].items() if spent >= 0.05)
