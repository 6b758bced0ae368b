"""The retrievers that other projects copy: their frameworks' own contracts, against a server."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.adapters import langchain_headwater, llama_index_headwater
from schemas.tools import Embedder
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running

QUESTION = "What does the sensor of station 3 cost?"
OFF_TOPIC = "Who won the football match?"
ROOMS = {"schemas", "transforms", "infra", "flows"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Iterator[Running]:
    project = Project(root=tmp_path_factory.mktemp("adapters"), embedders=embedders)
    project.pages(6)
    project.ingest()
    with running(project.open()) as server:
        yield server


def test_langchain_gets_documents_with_their_citations(served: Running) -> None:
    retriever = langchain_headwater.HeadwaterRetriever(base_url=served.url, k=2)

    documents = retriever.invoke(QUESTION)

    assert "30 euros" in documents[0].page_content
    assert 1 <= len(documents) <= 2
    assert documents[0].metadata["source"].endswith("/docs/p03.md")
    assert documents[0].metadata["release"] == 1
    assert [one.id for one in asyncio.run(retriever.ainvoke(QUESTION))] == [one.id for one in documents]
    assert retriever.invoke(OFF_TOPIC) == []


def test_llama_index_gets_nodes_with_their_scores(served: Running) -> None:
    retriever = llama_index_headwater.HeadwaterRetriever(base_url=served.url, k=2)

    nodes = retriever.retrieve(QUESTION)

    assert "30 euros" in nodes[0].text
    assert 1 <= len(nodes) <= 2
    assert nodes[0].score is not None
    assert nodes[0].metadata["uri"].endswith("/docs/p03.md")
    assert [one.node_id for one in asyncio.run(retriever.aretrieve(QUESTION))] == [
        one.node_id for one in nodes
    ]
    assert retriever.retrieve(OFF_TOPIC) == []


def test_both_say_what_the_server_says(served: Running) -> None:
    with pytest.raises(langchain_headwater.HeadwaterError, match="no context view 'nowhere'") as told:
        langchain_headwater.HeadwaterRetriever(base_url=served.url, view="nowhere").invoke(QUESTION)
    assert told.value.problem["code"] == "not_found"
    with pytest.raises(llama_index_headwater.HeadwaterError, match="there is no filter 'sourcez'"):
        llama_index_headwater.HeadwaterRetriever(base_url=served.url, filters={"sourcez": ["docs"]}).retrieve(
            QUESTION
        )


@pytest.mark.parametrize("adapter", [langchain_headwater, llama_index_headwater])
def test_a_copied_file_imports_nothing_of_ours(adapter: object) -> None:
    tree = ast.parse(Path(str(adapter.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined] # a module
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not {name.split(".")[0] for name in found} & ROOMS
