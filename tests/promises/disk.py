"""A disk whose power can be cut: ext4 on a loop device, and copies of what it holds at a moment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

FLUSHES = 15
"""Column of a block device's `stat` that counts completed flushes, since Linux 5.5."""
PROGRAMS = ("mkfs.ext4", "losetup", "mount", "umount")


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A mounted image."""

    image: Path
    device: Path
    folder: Path

    def copy(self, image: Path) -> bool:
        """Copy what a power cut now would leave, and tell whether it is that.

        A disk may keep writes in any order, but for a flush: what came before a completed one is kept. So a
        copy during which none was completed is a state that a cut may leave. Nothing is synced for it.
        """
        before = self._flushes()
        run("cp", "--sparse=always", self.image, image)
        return self._flushes() == before

    def _flushes(self) -> int:
        return int((Path("/sys/block") / self.device.name / "stat").read_text().split()[FLUSHES])


@contextmanager
def formatted(folder: Path, *, size_mb: int) -> Iterator[Disk]:
    """Make an image with an empty file system, and mount it."""
    image = folder / "disk"
    with image.open("wb") as file:
        file.truncate(size_mb * 1024**2)
    run("mkfs.ext4", "-q", "-F", image)
    with mounted(image, folder / "mounted") as disk:
        yield disk


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Disk]:
    """Mount an image, and leave neither mount nor loop device behind.

    The journal is committed every second, not every five: more files have their names on disk and no bytes.
    """
    device = Path(run("losetup", "--find", "--show", image))
    try:
        folder.mkdir(exist_ok=True)
        run("mount", "-t", "ext4", "-o", "commit=1", device, folder)
        try:
            yield Disk(image=image, device=device, folder=folder)
        finally:
            run("umount", folder)
    finally:
        run("losetup", "--detach", device)


def skip_without_disks(folder: Path) -> None:
    """Skip, saying what is missing, where no loop device can be mounted."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on this machine")
    if os.geteuid() != 0:
        pytest.skip("mounting a disk image needs root")
    try:
        with formatted(folder, size_mb=16) as disk:
            disk.copy(folder / "copy")
    except (OSError, subprocess.CalledProcessError, IndexError) as problem:
        pytest.skip(f"no disk image can be mounted here: {getattr(problem, 'stderr', None) or problem}")


def run(*command: str | Path) -> str:
    """Run a program and return what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
