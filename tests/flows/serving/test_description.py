"""The API describes itself: every route with what it takes and answers, an example, and its problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas import api, openai, plugin
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


def test_every_body_has_examples_and_they_are_what_a_request_may_say(server: Running) -> None:
    told = server.client.get("/openapi.json").json()
    bodies = [
        one["requestBody"]["content"]
        for path in told["paths"].values()
        for one in path.values()
        if "requestBody" in one
    ]
    names = {
        kind["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for kind in bodies
        if "application/json" in kind
    }

    assert len(names) > 6
    for name in names:
        examples = told["components"]["schemas"][name]["examples"]
        body: Any = next(vars(room)[name] for room in (api, openai, plugin) if name in vars(room))
        assert examples
        for example in examples:
            body.model_validate(example)


def test_it_says_where_a_key_goes(server: Running) -> None:
    told = server.client.get("/openapi.json").json()
    [(name, scheme)] = told["components"]["securitySchemes"].items()

    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in told["paths"].items():
        keyed = any(name in way for one in operations.values() for way in one.get("security", []))
        assert keyed == (path not in ("/healthz", "/readyz")), path


def test_nothing_of_it_asks_the_internet(server: Running) -> None:
    for path in ("/docs", "/redoc"):
        assert server.client.get(path).status_code == 404
