"""One model for the whole session, converted once for all sessions, and projects to try things on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.stages.exporting import export
from infra.sandbox import Sandbox
from schemas.dataset import Export
from schemas.tools import Embedder
from tests.flows.facts import Customers
from tests.flows.library import library
from tests.flows.prefect_server import prefect_server, program
from tests.flows.projects import Project
from tests.postgres import installed, running


@pytest.fixture(scope="session")
def embedders(model_cache: Path) -> dict[str, Embedder]:  # noqa: ARG001 - where the model is looked for
    return {}


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count what the parsers are asked."""
    asked = [0]
    answer = Sandbox.map

    def counting(self: Sandbox, requests: Iterator[Any], **settings: Any) -> Iterator[Any]:
        def counted() -> Iterator[Any]:
            for request in requests:
                asked[0] += "key" in request[0]  # another child judges what was parsed
                yield request

        return answer(self, counted(), **settings)

    monkeypatch.setattr(Sandbox, "map", counting)
    return lambda: asked[0]


@pytest.fixture
def project(tmp_path: Path, embedders: dict[str, Embedder], parses: Callable[[], int]) -> Project:
    return Project(root=tmp_path / "project", embedders=embedders, parses=parses)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """A library that tests only read."""
    return library(tmp_path_factory.mktemp("library"), embedders)


@pytest.fixture(scope="session")
def faq(shelf: Project) -> Export:
    """A dataset of questions and answers from it."""
    return export(shelf.open(), "faq")


@pytest.fixture
def customers(project: Project, database: str) -> Customers:
    return Customers(project=project, database=database)


@pytest.fixture(scope="module")  # a server costs a tenth of a core for as long as it runs
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Prefect on an ephemeral server, in a home of its own."""
    from prefect.settings import PREFECT_HOME, PREFECT_SERVER_ANALYTICS_ENABLED, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    home = tmp_path_factory.mktemp("prefect")
    quiet = {PREFECT_HOME: home, PREFECT_SERVER_ANALYTICS_ENABLED: False}
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=120):
        yield home


@pytest.fixture(scope="module")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of programs that talk to a real Prefect server; projects on it differ by name.

    On PostgreSQL where that is installed: on sqlite, a machine this busy loses events to a locked database.
    """
    home = tmp_path_factory.mktemp("served") / "prefect"
    with _database() as database, prefect_server(home, database) as env:
        yield env


@contextmanager
def _database() -> Iterator[str | None]:
    """A PostgreSQL database, or None where none is installed."""
    if installed() is None:
        yield None
        return
    with running() as url:
        yield url


@pytest.fixture(scope="module")
def worker(prefect_api: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A worker that works off what is scheduled there; this is its log."""
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    with program("headwater", "worker", "--limit", "4", env=prefect_api, log=log):
        yield log
