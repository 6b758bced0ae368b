"""The API describes itself: every route with what it takes and answers, an example, and its problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.api import ContextBody, FeedbackBody
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running


@pytest.fixture(scope="module")
def server(library: Project) -> Iterator[Running]:
    with running(library.open()) as server:
        yield server


def test_every_route_says_what_it_is_for_and_how_its_problems_look(server: Running) -> None:
    told = server.client.get("/openapi.json").json()
    operations = [one for path in told["paths"].values() for one in path.values()]

    assert len(operations) > 8
    for operation in operations:
        assert operation["description"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert "422" not in operation["responses"]


@pytest.mark.parametrize("body", [ContextBody, FeedbackBody])
def test_the_examples_are_what_a_request_may_say(server: Running, body: Any) -> None:
    schemas = server.client.get("/openapi.json").json()["components"]["schemas"]

    for example in schemas[body.__name__]["examples"]:
        body.model_validate(example)


def test_nothing_of_it_asks_the_internet(server: Running) -> None:
    for path in ("/docs", "/redoc"):
        assert server.client.get(path).status_code == 404
