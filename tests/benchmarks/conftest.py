"""One table at the end, and a model that is converted before anything is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import table
from tests.benchmarks.measuring import Timed, headwater
from tests.benchmarks.trees import generate, project


@pytest.fixture(scope="session", autouse=True)
def one_page(tmp_path_factory: pytest.TempPathFactory) -> Timed:
    """The cold ingest of a single page, with the model converted and judged by an ingest before it."""
    for name in ("warm", "one"):
        folder = tmp_path_factory.mktemp(name)
        generate(project(folder), 1)
        done = headwater("ingest", "--json", cwd=folder)
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a project of one source, `docs`, that has no files yet."""
    project(tmp_path)
    return tmp_path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and write it where the environment says."""
    if table.ROWS:
        terminalreporter.section("benchmarks")
        terminalreporter.write_line(table.shown())
        table.save()
