"""One model for the whole session, converted once for all sessions, and projects to try things on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox import Sandbox
from schemas.tools import Embedder
from tests.flows.projects import Project


@pytest.fixture(scope="session")
def model_cache(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Where converted models are kept: HEADWATER_CACHE, else beside what pytest itself remembers."""
    with pytest.MonkeyPatch.context() as patch:
        if "HEADWATER_CACHE" not in os.environ:
            assert pytestconfig.cache is not None
            patch.setenv("HEADWATER_CACHE", str(pytestconfig.cache.mkdir("headwater")))
        yield Path(os.environ["HEADWATER_CACHE"])


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
