"""Who gets what from every route there is: a route without a row here fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from infra.store.keys import add_key
from schemas.context import Principal
from schemas.key import SCOPES
from schemas.tools import Embedder
from tests.flows.projects import NO_TEXT, Project, page
from tests.flows.serving.running import Running, running
from tests.llm_server import LlmServer, llm_server_running

COSTS = 9173
TOLD = f"costs {COSTS} euros"
"""What the page says that Ann alone may read; its digits alone may stand in any time or count."""
QUESTION = "What does the sensor of station 3 cost?"
BOTH = "application/json, text/event-stream"
SEARCH: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": QUESTION}},
}
CALLERS = ("anonymous", "ann", "bob", "admin")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a route answers to each caller: without a key, Ann, Bob (like her), an admin."""

    statuses: tuple[int, int, int, int]
    path: str = ""
    """With its parameters; the route's own path without it."""
    json: dict[str, Any] | None = None
    tells: tuple[str, ...] = ()
    """Whom the answer may tell of Ann's page."""
    more: dict[str, Any] = field(default_factory=dict)
    """What else the request is made of, as httpx takes it."""


ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/healthz"): Row(statuses=(200, 200, 200, 200)),
    ("GET", "/readyz"): Row(statuses=(200, 200, 200, 200)),
    ("GET", "/openapi.json"): Row(statuses=(200, 200, 200, 200)),
    ("GET", "/metrics"): Row(statuses=(401, 403, 403, 200)),
    ("POST", "/v1/context"): Row(
        statuses=(401, 200, 200, 200), json={"question": QUESTION, "explain": True}, tells=("ann",)
    ),
    ("POST", "/v1/ask"): Row(statuses=(401, 200, 200, 200), json={"question": QUESTION}, tells=("ann",)),
    ("GET", "/v1/explain/{context_id}"): Row(
        statuses=(401, 200, 404, 200), path="/v1/explain/{asked}", tells=("ann", "admin")
    ),
    ("POST", "/v1/feedback"): Row(
        statuses=(401, 201, 404, 201), json={"context_id": "{asked}", "kind": "like"}
    ),
    ("GET", "/v1/feedback"): Row(statuses=(401, 403, 403, 200)),
    ("GET", "/v1/documents/{document_id}"): Row(
        statuses=(401, 200, 404, 404), path="/v1/documents/{secret}", tells=("ann",)
    ),
    ("GET", "/v1/caller"): Row(statuses=(401, 200, 200, 200)),
    ("GET", "/v1/sources"): Row(statuses=(401, 200, 200, 200)),
    ("GET", "/v1/quarantine"): Row(statuses=(401, 200, 200, 200), tells=("ann", "admin")),
    ("GET", "/"): Row(statuses=(200, 200, 200, 200)),
    ("GET", "/inspector/{name}"): Row(statuses=(200, 200, 200, 200), path="/inspector/main.js"),
    ("POST", "/mcp"): Row(
        statuses=(401, 200, 200, 200), json=SEARCH, tells=("ann",), more={"headers": {"Accept": BOTH}}
    ),
    ("POST", "/upsert"): Row(
        statuses=(401, 403, 403, 202), json={"documents": [{"id": "a", "text": "Pumps hum."}]}
    ),
    ("POST", "/upsert-file"): Row(
        statuses=(401, 403, 403, 202), more={"files": {"file": ("b.md", b"# Pumps\n\nThey hum.\n")}}
    ),
    ("POST", "/delete"): Row(statuses=(401, 403, 403, 200), json={"ids": ["nothing"]}),
    ("POST", "/query"): Row(
        statuses=(401, 200, 200, 200), json={"queries": [{"query": QUESTION}]}, tells=("ann",)
    ),
    ("GET", "/v1/runs/{run_id}"): Row(statuses=(401, 403, 403, 404), path="/v1/runs/nothing"),
    ("GET", "/v1/models"): Row(statuses=(401, 200, 200, 200)),
    ("GET", "/v1/models/{model}"): Row(statuses=(401, 200, 200, 200), path="/v1/models/default"),
    ("POST", "/v1/chat/completions"): Row(
        statuses=(401, 200, 200, 200),
        json={"model": "default", "messages": [{"role": "user", "content": QUESTION}]},
        tells=("ann",),
    ),
    ("POST", "/v1/vector_stores/{view}/search"): Row(
        statuses=(401, 200, 200, 200),
        path="/v1/vector_stores/default/search",
        json={"query": QUESTION},
        tells=("ann",),
    ),
    ("GET", "/v1/releases"): Row(statuses=(401, 200, 200, 200)),
    ("GET", "/v1/releases/{release}"): Row(statuses=(401, 200, 200, 200), path="/v1/releases/2"),
    ("GET", "/v1/releases/{before}/diff/{after}"): Row(
        statuses=(401, 200, 200, 200), path="/v1/releases/1/diff/2", tells=("ann", "admin")
    ),
}


@dataclass(frozen=True, kw_only=True)
class World:
    """A server with keys, and what the paths of the rows are filled with."""

    server: Running
    clients: dict[str, httpx.Client]
    names: dict[str, str]

    def call(self, caller: str, method: str, route: str) -> httpx.Response:
        row = ROWS[method, route]
        path = (row.path or route).format(**self.names)
        body = row.json and {
            name: value.format(**self.names) if isinstance(value, str) else value
            for name, value in row.json.items()
        }
        given = {"json": body} if body else {}
        return self.clients[caller].request(method, path, **given, **row.more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Iterator[World]:
    """Pages for everybody at release 1, and at release 2 one more for Ann, who has asked for it."""
    with llm_server_running() as llm:
        yield from _world(Project(root=tmp_path_factory.mktemp("access"), embedders=embedders), llm)


def _world(project: Project, llm: LlmServer) -> Iterator[World]:
    project.settings["llm"] = llm.settings()
    project.settings["sources"]["inbox"] = {"type": "push", "acl": ["user:admin"]}
    project.source("hr", acl=["user:ann"])
    project.pages(3)
    project.write("ann-only.md", page(3, costs=COSTS), source="hr")
    project.write("ann-only.txt", NO_TEXT, source="hr")
    project.ingest()
    project.ingest("hr")
    secret = next(row["document_id"] for row in project.documents() if row["source"] == "hr")
    workspace, store = project.open(), project.store
    mine = {
        name: add_key(store, name, Principal(user=name), scopes, now=workspace.clock())
        for name, scopes in {
            "ann": ("read", "feedback"),
            "bob": ("read", "feedback"),
            "admin": SCOPES,
        }.items()
    }
    with running(workspace) as server:
        clients = {name: server.as_key(key) for name, key in mine.items()} | {"anonymous": server.client}
        asked = clients["ann"].post("/v1/context", json={"question": QUESTION}).json()
        yield World(server=server, clients=clients, names={"asked": asked["context_id"], "secret": secret})
        for name in mine:
            clients[name].close()


def routes(world: World) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    app: Any = world.server.app
    for route in iter_route_contexts(app.routes):
        methods = getattr(route, "methods", None) or {"*"}
        found |= {(method, str(route.path)) for method in methods if method != "HEAD"}
    return found


def test_every_route_has_a_row(world: World) -> None:
    assert routes(world) == set(ROWS)


@pytest.mark.parametrize(("method", "route"), ROWS)
def test_each_caller_gets_what_the_row_says(world: World, method: str, route: str) -> None:
    row = ROWS[method, route]
    answers = {caller: world.call(caller, method, route) for caller in CALLERS}

    assert tuple(answers[caller].status_code for caller in CALLERS) == row.statuses
    told = {caller for caller, answer in answers.items() if TOLD in answer.text or "ann-only" in answer.text}
    assert told == set(row.tells)
    for answer in answers.values():
        if answer.status_code >= 400:
            assert answer.headers["content-type"].startswith(("application/problem+json", "application/json"))
