"""A dataset's place: its folder is written beside it, and is there whole or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.stages.dataset_refusals import FILE as REFUSED_FILE
from infra.store.sync import sync_to_disk
from schemas.errors import ConfigError

PARTIAL = ".partial"


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Make a folder beside another one's place, and remove it unless it was moved there.

    What an interrupted export left is removed too: the caller holds the dataset's lock. Raises ConfigError
    for a place where nothing can be written.
    """
    partial = folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}{PARTIAL}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{folder.name}-*{PARTIAL}"):
            shutil.rmtree(left)
        (partial / "_meta").mkdir(parents=True)
    except OSError as problem:
        raise ConfigError(
            f"the folder {str(folder.parent)!r} cannot be written: {problem.strerror}",
            fix="name one that can be with --out",
        ) from problem
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace_folder(partial: Path, folder: Path) -> None:
    """Move a finished folder to its place, unless the very same is there already."""
    sync_to_disk(str(partial))
    if folder.exists():
        if _manifest(folder) == _manifest(partial):
            return
        folder.rename(folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}{PARTIAL}")
    partial.rename(folder)
    folder.with_name(f"{folder.name}-{REFUSED_FILE}").unlink(missing_ok=True)
    for replaced in folder.parent.glob(f".{folder.name}-*{PARTIAL}"):
        shutil.rmtree(replaced)


def keep_refused(partial: Path, folder: Path) -> Path:
    """Move what says which rows were refused out of a folder that is not kept, beside its place."""
    kept = folder.with_name(f"{folder.name}-{REFUSED_FILE}")
    (partial / "_meta" / REFUSED_FILE).replace(kept)
    return kept


def _manifest(folder: Path) -> bytes:
    path = folder / "_meta" / "manifest.json"
    return path.read_bytes() if path.is_file() else b""
