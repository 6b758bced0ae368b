"""Reading what models are evaluated with, so that nothing of it is trained on: JSONL, JSON, CSV, BEIR."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.json_lines import bytes_of, rows_of, text_of
from schemas.errors import ConfigError

ENDINGS = (".jsonl", ".json", ".csv")
SHAPE = '{"question": "..."}'


def evaluation_files(path: Path) -> list[Path]:
    """Return the files of a folder, or the file itself; of a BEIR-shaped folder its queries alone.

    Its corpus is what is retrieved from, and may well be what is trained on. Raises ConfigError where nothing
    is to be read.
    """
    if path.is_file():
        return [path]
    queries = path / "queries.jsonl"
    found = [queries] if queries.is_file() else [p for p in sorted(path.rglob("*")) if p.suffix in ENDINGS]
    if not found:
        raise ConfigError(
            f"{str(path)!r} holds no evaluation to keep out of datasets",
            fix=f"name a file or a folder of {', '.join(ENDINGS)}",
        )
    return found


def evaluation_texts(files: list[Path]) -> Iterator[tuple[str, str]]:
    """Yield every text of the files, with its place: `question.jsonl, line 7`."""
    for file in files:
        if file.suffix == ".csv":
            yield from _cells(file)
        elif file.suffix == ".json":
            yield from ((file.name, text) for text in _leaves(_json(file)))
        else:
            yield from ((where, text) for where, row in rows_of(file, SHAPE) for text in _leaves(row))


def hash_of(files: list[Path]) -> str:
    """Return the sha256 over the files' own."""
    digests = [hashlib.sha256(bytes_of(file, SHAPE)).digest() for file in files]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _cells(file: Path) -> Iterator[tuple[str, str]]:
    for n, row in enumerate(csv.reader(text_of(file, SHAPE).splitlines(keepends=True)), start=1):
        yield from ((f"{file.name}, line {n}", cell) for cell in row)


def _json(file: Path) -> Any:
    try:
        return json.loads(text_of(file, SHAPE))
    except json.JSONDecodeError as problem:
        raise ConfigError(f"{file.name}: is not JSON: {problem.msg}", fix="mend the file") from None


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
