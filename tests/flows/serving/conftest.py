"""A project that all servers of a session share, so that it is ingested once; and copies of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from schemas.tools import Embedder
from tests.flows.projects import Project, page

SLOW = {
    "default": {"functions": [{"function": "tests.flows.serving.slow:wait", "ttl": "0s", "timeout": "20s"}]}
}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """Six pages for everybody and one for `hr`, without a key; who makes keys takes a copy."""
    project = Project(root=tmp_path_factory.mktemp("library"), embedders=embedders)
    project.source("docs", owner="people@acme.test")
    project.source("hr", acl=["group:hr"], owner="hr@acme.test")
    project.settings["context_views"] = SLOW
    project.pages(6)
    project.write("secret.md", page(7, costs=9173), source="hr")
    project.ingest()
    project.ingest("hr")
    return project


def copy_of(library: Project, folder: Path) -> Project:
    """Return the library in a store of its own."""
    shutil.copytree(library.root, folder)
    return Project(root=folder, embedders=library.embedders, settings=dict(library.settings))


@pytest.fixture
def copied(library: Project, tmp_path: Path) -> Project:
    """The library in a store of its own."""
    return copy_of(library, tmp_path / "project")
