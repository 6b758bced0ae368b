"""A process that publishes beside a server: ever new pages, rollbacks, resumes, maintenance.

Run as `python -m tests.flows.serving.publishing FOLDER ROUNDS`; each line it prints is a release and the
generation of the pages in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flows.stages.maintaining import maintain
from infra.store.rollback import resume, rollback
from tests.flows.projects import Project, page

PAGES = 5
GENERATIONS = 2
"""Published in a round, before it is rolled back to the first of them."""
STEP = 1_000
"""What a price grows by from one generation of the pages to the next."""


def write(project: Project, generation: int) -> None:
    """Write all pages as they are in a generation: every price says which."""
    for n in range(PAGES):
        project.write(f"p{n:02}.md", page(n, costs=STEP * generation + n))


def main(folder: Path, rounds: int) -> None:
    """Publish for so many rounds: some generations, back to the first of them, on, and maintain."""
    project = Project(root=folder, embedders={})
    generation = 0
    for _ in range(rounds):
        before = generation + 1
        for _ in range(GENERATIONS):
            generation += 1
            write(project, generation)
            project.ingest()
            told(project, generation)
        first = next(number for number, of in TOLD if of == before)
        rollback(project.store, first, now=project.open().clock())
        told(project, before)
        resume(project.store, now=project.open().clock())
        told(project, before)
        maintain(project.open())
        told(project, before)


TOLD: list[tuple[int, int]] = []


def told(project: Project, generation: int) -> None:
    """Say which generation the newest release has."""
    release = project.release()
    assert release is not None
    if not TOLD or TOLD[-1][0] != release.release:
        TOLD.append((release.release, generation))
        sys.stdout.write(f"{release.release} {generation}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
