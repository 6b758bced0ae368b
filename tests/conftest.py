"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import running


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The url of a PostgreSQL database of this session's own."""
    with running() as url:
        yield url
