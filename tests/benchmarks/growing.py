"""What a project of so many generated pages takes, cold and after changes; measured once per size."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import (
    LARGE,
    REPEATS,
    Timed,
    forget,
    headwater,
    median_s,
    repeated,
    scaled,
    script,
    timed,
)
from tests.benchmarks.trees import edit, generate, project

SIZES = (1_000, 10_000, *((100_000,) if LARGE else ()))
NAMES = {1_000: "1k", 10_000: "10k", 100_000: "100k"}
REPEATED = 10_000
"""Larger ones are ingested cold once."""
DELTA, EDITS, RELEASES = 10, 5, 10


@dataclass(frozen=True, kw_only=True)
class Grown:
    """The numbers of one size."""

    folder: Path
    pages: int
    cold: Timed
    cold_s: float
    idle_s: float
    delta_s: float
    one_s: float
    """A change of a single file."""
    percent_s: float
    """A change of one file in a hundred."""
    sha256sum_s: float
    releases: tuple[dict[str, Any], ...]

    @property
    def release_bytes(self) -> float:
        """Bytes that a release of 5 edited pages adds, on average."""
        return sum(sum(one["bytes"].values()) for one in self.releases) / len(self.releases)


@cache
def grown(size: int) -> Grown:
    """Generate so many pages, and ingest them cold, again, and after changes of three sizes."""
    folder = Path(tempfile.mkdtemp(prefix=f"headwater-{size}-"))
    docs, pages = project(folder), scaled(size)
    generate(docs, pages)
    colds = repeated(lambda: _cold(folder), REPEATS if size <= REPEATED else 1)
    return Grown(
        folder=folder,
        pages=pages,
        cold=colds[0],
        cold_s=median_s(colds),
        idle_s=median_s(repeated(lambda: _ingest(folder, changed=0))),
        sha256sum_s=median_s(
            repeated(lambda: timed("sh", "-c", "find docs -type f -print0 | xargs -0 sha256sum", cwd=folder))
        ),
        delta_s=median_s([_delta(folder, DELTA, n) for n in range(REPEATS)]),
        one_s=median_s([_delta(folder, 1, 100 + n) for n in range(REPEATS)]),
        percent_s=median_s([_delta(folder, max(1, pages // 100), 200 + n) for n in range(REPEATS)]),
        releases=tuple(script("small_releases", folder, RELEASES, EDITS).json),
    )


def _cold(folder: Path) -> Timed:
    forget(folder)
    return headwater("ingest", "--json", cwd=folder, memory=True)


def _delta(folder: Path, files: int, revision: int) -> Timed:
    pages = sum(1 for _ in (folder / "docs").rglob("*.md"))
    edit(folder / "docs", [n * (pages // files) for n in range(files)], revision=revision + 1)
    return _ingest(folder, changed=files)


def _ingest(folder: Path, *, changed: int) -> Timed:
    done = headwater("ingest", "--json", cwd=folder)
    assert done.json["items"]["changed"] == changed, done.json
    return done
