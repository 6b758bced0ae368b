"""Reading lines of JSON that people write: a mistake names its file, its line and what is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.errors import ConfigError
from schemas.settings import advice

Kind = TypeVar("Kind", bound=BaseModel)


def rows_of(path: Path, shape: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of a file with its place; `shape` is what a line looks like, for errors."""
    for n, line in enumerate(text_of(path, shape).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {n}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as problem:
            raise ConfigError(f"{where}: is not JSON: {problem.msg}", fix=f"write {shape}") from None
        if not isinstance(row, dict):
            raise ConfigError(f"{where}: is not a JSON object", fix=f"write {shape}")
        yield where, row


def checked(where: str, shape: str, kind: type[Kind], given: dict[str, Any]) -> Kind:
    """Return what was read at a place, checked. Raises ConfigError naming the place and the field."""
    try:
        return kind.model_validate(given)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        known = kind.model_fields if first["type"] == "extra_forbidden" and len(first["loc"]) == 1 else ()
        fix = advice(place, known) if known else f"write {shape}"
        raise ConfigError(f"{where}: {place + ': ' if place else ''}{what}", fix=fix) from None


def text_of(path: Path, shape: str) -> str:
    """Return a file's text. Raises ConfigError for a file that cannot be read as text."""
    try:
        return bytes_of(path, shape).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path.name} is not UTF-8 text", fix="save it as UTF-8") from problem


def bytes_of(path: Path, shape: str) -> bytes:
    """Return a file's bytes. Raises ConfigError for a file that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ConfigError(
            f"the file {str(path)!r} cannot be read: {problem.strerror}",
            fix=f"name a file with lines of {shape}",
        ) from problem
