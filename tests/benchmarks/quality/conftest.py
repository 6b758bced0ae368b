"""Measures of quality need no model: what the other benchmarks warm up is left out."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_page() -> None:
    """Do nothing, where the other benchmarks ingest a page."""
