"""A LangChain retriever over Headwater's HTTP API: copy this file; it needs `langchain-core` and `httpx`.

retriever = HeadwaterRetriever(base_url="http://127.0.0.1:8700", api_key="hw_...", view="support", k=5)
retriever.invoke("What may I promise?")
"""

from __future__ import annotations

from typing import Any

import httpx
from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import SecretStr


class HeadwaterError(RuntimeError):
    """The server refused, in its own words; `problem` is what it answered (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem.get('detail', problem)} {problem.get('fix', '')}".strip())
        self.problem = problem


class HeadwaterRetriever(BaseRetriever):
    """Passages of a context view, best first, with their citations; none where nothing relevant is there."""

    base_url: str = "http://127.0.0.1:8700"
    api_key: SecretStr | None = None
    view: str | None = None
    k: int = 4
    """Passages at most."""
    release: int | None = None
    """A release to stay at; the newest without it."""
    as_of: str | None = None
    """The newest release made at or before this time, RFC 3339."""
    filters: dict[str, Any] | None = None
    entities: dict[str, str] | None = None
    timeout_s: float = 30.0

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain hands it in
    ) -> list[Document]:
        with httpx.Client(timeout=self.timeout_s) as client:
            return _documents(client.post(self._url, json=self._body(query), headers=self._headers), self.k)

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain hands it in
    ) -> list[Document]:
        async with httpx.AsyncClient(timeout=self.timeout_s) as client:
            answer = await client.post(self._url, json=self._body(query), headers=self._headers)
            return _documents(answer, self.k)

    @property
    def _url(self) -> str:
        return f"{self.base_url.rstrip('/')}/v1/context"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key.get_secret_value()}"} if self.api_key else {}

    def _body(self, query: str) -> dict[str, Any]:
        said = {
            "question": query,
            "top_k": self.k,
            "view": self.view,
            "release": self.release,
            "as_of": self.as_of,
            "filters": self.filters,
            "entities": self.entities,
        }
        return {name: value for name, value in said.items() if value is not None}


def _documents(answer: httpx.Response, k: int) -> list[Document]:
    if not answer.is_success:
        raise HeadwaterError(_problem(answer))
    context = answer.json()
    shared = {"context_id": context["context_id"], "release": context["release"]}
    best = sorted(context["citations"], key=lambda one: -one["score"])[:k]
    return [
        Document(
            id=one["chunk_id"],
            page_content=one["quote"],
            metadata={"source": one["uri"]}
            | {name: value for name, value in one.items() if name not in ("quote", "source")}
            | {"source_name": one["source"]}
            | shared,
        )
        for one in best
    ]


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except ValueError:
        return {"detail": f"the server answered {answer.status_code}"}
