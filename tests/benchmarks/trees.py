"""The trees that are ingested: kubernetes/community, and small pages made from a seed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.measuring import ROOT, SCALE, SHARED

COMMUNITY = SHARED / "data" / "kubernetes-community"
PROJECT = """\
project: bench
sources:
  docs: {type: files, uri: docs/, include: ["**/*.md"], acl: [everyone]}
"""
FOLDER_PAGES = 250
PLACES = [
    "weir",
    "lock",
    "mill",
    "bridge",
    "harbor",
    "marsh",
    "ford",
    "reservoir",
    "canal",
    "spring",
    "quarry",
    "depot",
]
THINGS = [
    "pump",
    "gauge",
    "valve",
    "barrier",
    "beacon",
    "ferry",
    "winch",
    "sensor",
    "cable",
    "ladder",
    "buoy",
    "pontoon",
]
DOINGS = [
    "inspected",
    "replaced",
    "painted",
    "calibrated",
    "closed",
    "flooded",
    "measured",
    "repaired",
    "moved",
    "logged",
]


def project(folder: Path) -> Path:
    """Write a project file and return the folder of its only source."""
    (folder / "headwater.yaml").write_text(PROJECT)
    docs = folder / "docs"
    docs.mkdir()
    return docs


def generate(docs: Path, count: int, *, first: int = 0) -> None:
    """Write pages `first` to `first + count`, each one chunk of about 45 tokens that no other page has."""
    for number in range(first, first + count):
        path = page_path(docs, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(number))


def edit(docs: Path, numbers: Iterable[int], revision: int) -> None:
    """Change one sentence in each of the pages."""
    for number in numbers:
        page_path(docs, number).write_text(page(number, revision))


def page_path(docs: Path, number: int) -> Path:
    """Return where a page is."""
    return docs / f"part-{number // FOLDER_PAGES:04}" / f"page-{number:06}.md"


def page(number: int, revision: int = 0) -> str:
    """Return a page's text; revisions differ in the last sentence."""
    seeded = random.Random(number)
    sentences = [_sentence(seeded) for _ in range(2)]
    last = _sentence(random.Random(f"{number} {revision}"))
    return f"# Page {number}\n\n{' '.join(sentences)} {last}\n"


def question(number: int) -> str:
    """Return a question that some pages answer."""
    seeded = random.Random(f"question {number}")
    return f"When was the {seeded.choice(THINGS)} at the {seeded.choice(PLACES)} {seeded.choice(DOINGS)}?"


def community(docs: Path, *, whole: bool = False) -> bool:
    """Copy the share of kubernetes/community, or all of it, and return True; else the sample's handbook."""
    if not COMMUNITY.is_dir():
        shutil.copytree(ROOT / "infra" / "sample" / "handbook", docs, dirs_exist_ok=True)
        return False
    names = (COMMUNITY / "subset-A.txt").read_text().split()
    if whole:
        names = sorted(str(path.relative_to(COMMUNITY / "A")) for path in (COMMUNITY / "A").rglob("*.md"))
    for name in names[: max(1, round(len(names) * min(1.0, SCALE)))]:
        target = docs / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(COMMUNITY / "A" / name, target)
    return True


def _sentence(seeded: random.Random) -> str:
    return (
        f"The {seeded.choice(THINGS)} at the {seeded.choice(PLACES)} was {seeded.choice(DOINGS)} "
        f"on day {seeded.randrange(10_000)} of the season."
    )
