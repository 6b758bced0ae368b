"""A LlamaIndex retriever over Headwater's HTTP API: copy this file; it needs `llama-index-core` and `httpx`.

retriever = HeadwaterRetriever(base_url="http://127.0.0.1:8700", api_key="hw_...", view="support", k=5)
retriever.retrieve("What may I promise?")
"""

from __future__ import annotations

from typing import Any

import httpx
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode


class HeadwaterError(RuntimeError):
    """The server refused, in its own words; `problem` is what it answered (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem.get('detail', problem)} {problem.get('fix', '')}".strip())
        self.problem = problem


class HeadwaterRetriever(BaseRetriever):
    """Passages of a context view, best first, each with its citation; none where nothing relevant is there.

    `release` or `as_of` (RFC 3339) stay at a release; `filters` and `entities` are those of POST /v1/context.
    """

    def __init__(  # noqa: PLR0913 - one for each thing a request may say
        self,
        *,
        base_url: str = "http://127.0.0.1:8700",
        api_key: str | None = None,
        view: str | None = None,
        k: int = 4,
        release: int | None = None,
        as_of: str | None = None,
        filters: dict[str, Any] | None = None,
        entities: dict[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        super().__init__()
        self._url = f"{base_url.rstrip('/')}/v1/context"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._k, self._timeout_s = k, timeout_s
        said = {"view": view, "release": release, "as_of": as_of, "filters": filters, "entities": entities}
        self._said = {name: value for name, value in said.items() if value is not None}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        with httpx.Client(timeout=self._timeout_s) as client:
            answer = client.post(self._url, json=self._body(query_bundle), headers=self._headers)
            return _nodes(answer, self._k)

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        async with httpx.AsyncClient(timeout=self._timeout_s) as client:
            answer = await client.post(self._url, json=self._body(query_bundle), headers=self._headers)
            return _nodes(answer, self._k)

    def _body(self, query_bundle: QueryBundle) -> dict[str, Any]:
        return {"question": query_bundle.query_str, "top_k": self._k, **self._said}


def _nodes(answer: httpx.Response, k: int) -> list[NodeWithScore]:
    if not answer.is_success:
        raise HeadwaterError(_problem(answer))
    context = answer.json()
    shared = {"context_id": context["context_id"], "release": context["release"]}
    best = sorted(context["citations"], key=lambda one: -one["score"])[:k]
    return [
        NodeWithScore(
            node=TextNode(
                id_=one["chunk_id"],
                text=one["quote"],
                start_char_idx=one["start"],
                end_char_idx=one["end"],
                metadata={name: value for name, value in one.items() if name != "quote"} | shared,
                excluded_llm_metadata_keys=[*one, *shared],
                relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=one["document_id"])},
            ),
            score=one["score"],
        )
        for one in best
    ]


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except ValueError:
        return {"detail": f"the server answered {answer.status_code}"}
