"""Cold ingest against the usual way: whole processes on the same files in one run, as a ratio."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = Path(os.environ.get("HEADWATER_SHARED", ROOT.parent / "shared"))
COMMUNITY = SHARED / "data" / "kubernetes-community"
REPEATS = int(os.environ.get("HEADWATER_REPEATS", "1"))
PROJECT = (
    "project: bench\nsources:\n  docs: {type: files, uri: docs/, include: ['**/*.md'], acl: [everyone]}\n"
)


def corpus(folder: Path) -> Path:
    """Copy the benchmark's share of kubernetes/community, or the sample's handbook without it."""
    docs = folder / "docs"
    if not COMMUNITY.is_dir():
        shutil.copytree(ROOT / "infra" / "sample" / "handbook", docs)
        return docs
    for name in (COMMUNITY / "subset-A.txt").read_text().split():
        target = docs / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(COMMUNITY / "A" / name, target)
    return docs


def timed(*command: str, cwd: Path) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


@pytest.mark.gate
@pytest.mark.timeout(1800)
def test_cold_ingest_beats_the_usual_way(tmp_path: Path) -> None:
    docs = corpus(tmp_path)
    (tmp_path / "headwater.yaml").write_text(PROJECT)
    headwater = str(Path(sys.executable).parent / "headwater")
    timed(headwater, "context", "warm the model cache", "--json", cwd=_warm(tmp_path))
    plain, ours = [], []
    for n in range(REPEATS):
        seconds, chunks = timed(
            sys.executable, str(HERE / "plain.py"), str(docs), str(tmp_path / f"plain{n}"), cwd=tmp_path
        )
        plain.append(int(chunks) / seconds)
        shutil.rmtree(tmp_path / ".headwater", ignore_errors=True)
        seconds, answer = timed(headwater, "ingest", "--json", cwd=tmp_path)
        run = json.loads(answer)
        ours.append(run["chunks"]["total"] / seconds)
        idle, _ = timed(headwater, "ingest", "--json", cwd=tmp_path)
        rates = f"plain {plain[-1]:.0f} chunks/s  headwater {ours[-1]:.0f} chunks/s"
        print(f"\n{rates}  no-op {idle:.1f} s", run["seconds"])

    ratio = statistics.median(ours) / statistics.median(plain)
    print(f"chunks per second, whole process: {ratio:.1f} x the usual way")
    assert ratio > 1


def _warm(folder: Path) -> Path:
    """Return a tiny ingested project, so that the model is converted before anything is timed."""
    warm = folder / "warm"
    (warm / "docs").mkdir(parents=True)
    (warm / "docs" / "a.md").write_text("# Warm\n\nA sentence.\n")
    (warm / "headwater.yaml").write_text(PROJECT)
    subprocess.run(
        [str(Path(sys.executable).parent / "headwater"), "ingest"], cwd=warm, capture_output=True, check=True
    )
    return warm
