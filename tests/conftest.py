"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.llm_server import LlmServer, llm_server_running
from tests.postgres import running


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The url of a PostgreSQL database of this session's own."""
    with running() as url:
        yield url


@pytest.fixture
def llm_server() -> Iterator[LlmServer]:
    """A language model on this machine, which answers as it is told."""
    with llm_server_running() as server:
        yield server
