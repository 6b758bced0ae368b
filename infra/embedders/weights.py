"""The sha256 of weights, remembered by path, size and time so that a run that embeds nothing reads none."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from schemas.identity import digest

SHA256_DIGITS = 64


def weights_sha256(files: Sequence[Path], cache_dir: Path) -> str:
    """Return the sha256 of the one weights file, or one hash over those of all of them, in order."""
    hashes = [_remembered(file, cache_dir) for file in files]
    return hashes[0] if len(hashes) == 1 else digest("weights", *hashes)


def file_sha256(file: Path) -> str:
    """Return the sha256 of a file's bytes, read now."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remembered(file: Path, cache_dir: Path) -> str:
    status = file.stat()
    note = cache_dir / "sha256" / digest(str(file.resolve()), status.st_size, status.st_mtime_ns)
    with suppress(OSError):
        found = note.read_text()
        if len(found) == SHA256_DIGITS:
            return found
    found = file_sha256(file)
    with suppress(OSError):  # a cache that cannot be written costs time, not the run
        write_whole(note, found.encode())
    return found


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none, whoever else writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(file)
