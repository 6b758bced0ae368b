"""What tests of several rooms share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres, s3
from tests.llm_server import LlmServer, llm_server_running

LONGEST_FIRST = ("promises", "flows", "infra")
"""Folders in this order, then the rest: so no worker is left alone with a long file at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest."""
    here = Path(__file__).parent
    places = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(here).parts[0], len(places)))


@pytest.fixture(scope="session")
def model_cache(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Where converted models are kept: HEADWATER_CACHE, else beside what pytest itself remembers."""
    with pytest.MonkeyPatch.context() as patch:
        if "HEADWATER_CACHE" not in os.environ:
            assert pytestconfig.cache is not None
            patch.setenv("HEADWATER_CACHE", str(pytestconfig.cache.mkdir("headwater")))
        yield Path(os.environ["HEADWATER_CACHE"])


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The url of a PostgreSQL database of this session's own."""
    with postgres.running() as url:
        yield url


@pytest.fixture
def llm_server() -> Iterator[LlmServer]:
    """A language model on this machine, which answers as it is told."""
    with llm_server_running() as server:
        yield server


@pytest.fixture(scope="session")
def object_storage() -> Iterator[dict[str, str]]:
    """The storage options that reach a server of this session's own that speaks S3."""
    with s3.running() as options:
        yield options
