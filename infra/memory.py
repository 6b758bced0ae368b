"""What the C library does with freed memory: it is kept for whoever asks next, unless told otherwise.

Lance reads and writes with a dozen threads. glibc gives each a heap of its own, to eight per core, and what
one has freed no other gets: 100 MB of a scan of 100,000 chunks stayed. Other C libraries have no such calls.
Arrow has an allocator of its own, which keeps as much again of a listing: it is told to do without.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

import pyarrow as pa

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""glibc's numbers of these settings, in malloc.h."""
HEAPS = 2
LARGE_BYTES = 256 * 1024
"""From this size on memory comes from the system and goes back to it at once."""


def bound_heaps() -> None:
    """Let threads share heaps, and hand large pieces back at once; called before there are many threads."""
    pa.set_memory_pool(pa.system_memory_pool())
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(ARENA_MAX, HEAPS)
        library.mallopt(MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Return to the system what is free, between two stages of a long run."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
