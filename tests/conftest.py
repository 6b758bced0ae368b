"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres, s3
from tests.llm_server import LlmServer, llm_server_running


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
