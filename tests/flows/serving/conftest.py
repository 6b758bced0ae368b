"""A project that a module's servers share, so that it is ingested once."""

from __future__ import annotations

import pytest

from schemas.tools import Embedder
from tests.flows.projects import Project, page

SLOW = {
    "default": {"functions": [{"function": "tests.flows.serving.slow:wait", "ttl": "0s", "timeout": "20s"}]}
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """Six pages for everybody; one more for Ann, who belongs to nobody's group, and one for `hr`."""
    project = Project(root=tmp_path_factory.mktemp("library"), embedders=embedders)
    project.source("docs", owner="people@acme.test")
    project.source("hr", acl=["group:hr"], owner="hr@acme.test")
    project.settings["context_views"] = SLOW
    project.pages(6)
    project.write("secret.md", page(7, costs=9173), source="hr")
    project.ingest()
    project.ingest("hr")
    return project
