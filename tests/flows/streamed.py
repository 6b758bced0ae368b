"""Ingests a small and then a large feature of a project, and prints what the large one added to the peak."""

from __future__ import annotations

import json
import resource
import sys

from flows.stages.featuring import ingest_one
from flows.workspace import open_workspace


def peak_mb() -> int:
    """Return the most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    workspace = open_workspace(sys.argv[1])
    ingest_one(workspace, "small")
    before = peak_mb()
    run = ingest_one(workspace, "large")
    sys.stdout.write(
        json.dumps({"added_mb": peak_mb() - before, "rows": run.items.added, "seconds": run.seconds})
    )
