"""A project over some of the sample's pages: seven that everybody reads, and two for `group:hr` alone."""

from __future__ import annotations

from pathlib import Path

from schemas.tools import Embedder
from tests.flows.projects import Project

SAMPLE = Path(__file__).parents[2] / "infra" / "sample"
PUBLIC = (
    "handbook/people/time-off.md",
    "handbook/people/remote-work.md",
    "handbook/people/learning.md",
    "handbook/money/expenses.md",
    "handbook/money/travel.md",
    "handbook/money/discounts.md",
    "handbook/support/warranty.md",
)
SECRET = ("hr/salary-bands.md", "hr/reorganization-plan.md")
FEW = 3
DATASETS = {
    "faq": {"type": "qa", "source": "docs", "max_per_document": FEW},
    "closed-book": {
        "type": "qa", "source": "docs", "max_per_document": 1, "grounded": False, "format": "alpaca"
    },
    "all-for-everyone": {"type": "qa", "max_per_document": FEW},
    "hr-for-everyone": {"type": "qa", "source": "hr"},
    "hr-for-hr": {"type": "qa", "source": "hr", "audience": ["group:hr"], "max_per_document": FEW},
    "retriever": {"type": "triplets", "hard_negatives": 2, "max_per_document": FEW},
}  # fmt: skip


def library(root: Path, embedders: dict[str, Embedder]) -> Project:
    """Return the project, both sources ingested."""
    project = Project(root=root, embedders=embedders, settings={"datasets": DATASETS})
    project.source("hr", acl=["group:hr"])
    for source, pages in (("docs", PUBLIC), ("hr", SECRET)):
        for page in pages:
            project.write(Path(page).name, (SAMPLE / page).read_bytes(), source=source)
        assert project.ingest(source).run.published
    return project
