"""The environment of a child: nothing of the caller's but where programs and modules are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOMS = str(Path(__file__).resolve().parents[2])
SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Children are many, and each is to use one core."""


def surroundings(home: str) -> dict[str, str]:
    """Return the whole environment of a child that lives in a folder of its own."""
    modules = dict.fromkeys([ROOMS, *(str(Path(entry).resolve()) for entry in sys.path)])
    return {
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "HF_HUB_OFFLINE": "1",
        "HOME": home,
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",  # arenas take address space, which is limited
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(modules),
        "SCARF_NO_ANALYTICS": "1",
        "TMPDIR": home,
        "TOKENIZERS_PARALLELISM": "false",
        "UNSTRUCTURED_DISABLE_NOTICE": "1",
        **dict.fromkeys(SINGLE_THREADED, "1"),
    }
