"""The official client of MCP, over HTTP and over standard input and output, under the usual access rules."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from infra.store.interactions import interactions
from infra.store.keys import add_key
from schemas.context import Principal
from schemas.tools import Embedder
from tests.flows.projects import Project, page
from tests.flows.serving.running import Running, running

QUESTION = "What does the sensor of station 3 cost?"
HIDDEN = "What does the sensor of station 4 cost?"
Talk = Callable[[Client], Awaitable[Any]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    project = Project(root=tmp_path_factory.mktemp("mcp"), embedders=embedders)
    project.source("hr", acl=["user:ann"])
    project.pages(4)
    project.write("ann-only.md", page(4, costs=9173), source="hr")
    project.ingest()
    project.ingest("hr")
    project.write("p03.md", page(3, costs=31))
    project.ingest()
    return project


@pytest.fixture(scope="module")
def keys(project: Project) -> dict[str, str]:
    now = project.open().clock()
    return {
        name: add_key(project.store, name, Principal(user=name), ("read",), now=now)
        for name in ("ann", "bob")
    }


@pytest.fixture(scope="module")
def served(project: Project, keys: dict[str, str]) -> Iterator[Running]:
    assert keys
    with running(project.open()) as server:
        yield server


def over_http(server: Running, key: str, talk: Talk) -> Any:
    """Talk to a server as the holder of a key."""

    async def main() -> Any:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http,
            Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
        ):
            return await talk(client)

    return asyncio.run(main())


def over_stdio(project: Project, who: list[str], talk: Talk) -> Any:
    """Talk to a program of one's own."""
    headwater = str(Path(sys.executable).parent / "headwater")

    async def main() -> Any:
        arguments = ["--project", str(project.root / "headwater.yaml"), "mcp", *who]
        parameters = StdioServerParameters(command=headwater, args=arguments, env=dict(os.environ))
        async with Client(parameters) as client:
            return await talk(client)

    return asyncio.run(main())


async def found(client: Client, query: str, **more: Any) -> Any:
    told = await client.call_tool("search", {"query": query, **more})
    assert not told.is_error, told.content
    assert json.loads(told.content[0].text) == told.structured_content  # type: ignore[union-attr] # it is text
    return told.structured_content


def test_the_tools_are_search_and_fetch_and_say_that_they_only_read(
    served: Running, keys: dict[str, str]
) -> None:
    async def talk(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = over_http(served, keys["bob"], talk)

    assert [tool.name for tool in tools] == ["search", "fetch"]
    assert all(tool.annotations.read_only_hint and not tool.annotations.destructive_hint for tool in tools)
    assert "as_of" in tools[0].input_schema["properties"]


def test_what_is_found_can_be_fetched_as_it_is_and_as_it_was(served: Running, keys: dict[str, str]) -> None:
    async def talk(client: Client) -> Any:
        now, then = await found(client, QUESTION, top_k=2), await found(client, QUESTION, release=1)
        first = now["results"][0]["id"]
        texts = [
            (await client.call_tool("fetch", {"id": first, **when})).structured_content["text"]
            for when in ({}, {"release": 1}, {"start": 2, "max_chars": 7})
        ]
        return now, then, texts

    now, then, texts = over_http(served, keys["bob"], talk)

    assert ("31 euros" in now["results"][0]["text"], len(now["results"])) == (True, 2)
    assert "30 euros" in then["results"][0]["text"]
    assert ("31 euros" in texts[0], "30 euros" in texts[1], texts[2]) == (True, True, "Station")


def test_the_key_says_what_may_be_found_and_fetched(served: Running, keys: dict[str, str]) -> None:
    async def ann(client: Client) -> Any:
        return (await found(client, HIDDEN))["results"][0]

    secret = over_http(served, keys["ann"], ann)
    assert "9173" in secret["text"]

    async def bob(client: Client) -> Any:
        return await found(client, HIDDEN), await client.call_tool("fetch", {"id": secret["id"]})

    searched, fetched = over_http(served, keys["bob"], bob)
    assert "9173" not in json.dumps(searched)
    assert fetched.is_error
    assert "there is no document" in fetched.content[0].text


def test_a_mistake_is_told_as_the_tools_answer(served: Running, keys: dict[str, str]) -> None:
    async def talk(client: Client) -> Any:
        wrong = [
            ("search", {"query": QUESTION, "topk": 3}),
            ("search", {"query": QUESTION, "as_of": "2001-01-01T00:00:00Z"}),
            ("search", {"query": QUESTION, "view": "nowhere"}),
        ]
        return [await client.call_tool(name, arguments) for name, arguments in wrong]

    told = over_http(served, keys["bob"], talk)

    assert all(one.is_error for one in told)
    words = [one.content[0].text for one in told]
    assert words[0].startswith("config: topk: ")
    assert "2001" in words[1]
    assert "there is no context view 'nowhere'" in words[2]


def test_over_stdio_the_command_line_says_who_asks_and_it_is_logged(project: Project) -> None:
    async def talk(client: Client) -> Any:
        return [tool.name for tool in (await client.list_tools()).tools], await found(client, HIDDEN)

    names, mine = over_stdio(project, ["--as", "user:ann"], talk)

    assert names == ["search", "fetch"]
    assert "9173" in mine["results"][0]["text"]
    rows = interactions(project.store, where="interface = 'mcp'").to_pylist()
    assert ("ann", HIDDEN) in {(row["user"], row["question"]) for row in rows}
