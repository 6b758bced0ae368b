"""What a child and its own children use, and their end; read from /proc where there is one."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

PAGE_BYTES = resource.getpagesize()


def resident_bytes(pid: int) -> int:
    """Return the memory that a child and its descendants hold now; 0 on systems that do not say."""
    return sum(_resident_pages(one) for one in (pid, *descendants(pid))) * PAGE_BYTES


def descendants(pid: int) -> list[int]:
    """Return the children of a child, theirs, and so on, those in sessions of their own included."""
    found: list[int] = []
    for task in _listed(Path(f"/proc/{pid}/task")):
        with suppress(OSError):
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def is_running(pid: int) -> bool:
    """Return whether a child that was not waited for yet still runs; False on systems that do not say."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def kill_all(pid: int) -> None:
    """Kill a child that leads its own group, the group, and descendants that left it.

    The child must not have been waited for: until then its number is its own.
    """
    strays = descendants(pid)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for stray in strays:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(stray, signal.SIGKILL)


def _resident_pages(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return 0


def _listed(folder: Path) -> list[Path]:
    with suppress(OSError):
        return list(folder.iterdir())
    return []
