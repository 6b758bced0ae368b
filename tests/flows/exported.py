"""What an export wrote: its rows, where they come from, its files, and what the program says of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas.dataset import Export
from tests.flows.cli.program import headwater
from tests.flows.projects import Project


def rows(written: Export) -> list[tuple[str, int, dict[str, Any]]]:
    """Return every row with its split and line."""
    return [
        (split, line, json.loads(text))
        for split in written.splits
        for path in [Path(written.out) / f"{split}.jsonl"]
        if path.exists()
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    ]


def uses(written: Export) -> list[dict[str, Any]]:
    """Return the lineage of all rows: one entry for each chunk that a row used."""
    return pq.read_table(Path(written.out) / "_meta" / "lineage.parquet").to_pylist()


def contents(folder: str) -> dict[str, str]:
    """Return the hash of every file by its path in the folder."""
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def answered(project: Project, *arguments: str) -> tuple[int, Any]:
    """Run the program on a project as it is now, and return its exit code and its answer."""
    project.open()
    done = headwater(project.root, "--json", *arguments)
    return done.code, done.json
