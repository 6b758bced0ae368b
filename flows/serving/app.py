"""The HTTP application: every interface is a router of its own, listed here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from flows.serving import (
    asks,
    contexts,
    documents,
    explain,
    feedback,
    health,
    inspecting,
    mcp_http,
    openai_chat,
    openai_search,
    page,
    plugin,
    releases,
)
from flows.serving.edge import Edge
from flows.serving.openai_errors import answer_at
from flows.serving.problems import DESCRIBED, tell_problems
from flows.serving.serving import Serving

ROUTERS = (
    health.router,
    contexts.router,
    asks.router,
    explain.router,
    feedback.router,
    documents.router,
    releases.router,
    inspecting.router,
    page.router,
    openai_chat.router,
    openai_search.router,
    mcp_http.router,
    plugin.router,
)


def create_app(serving: Serving) -> FastAPI:
    """Return the application over what it serves with; its lifespan starts and stops that."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await serving.start()
        serving.pusher.start()
        yield
        await serving.stop()

    app = FastAPI(
        title="Headwater",
        version=version("headwater"),
        description="Cited, permitted, current context from one released source of truth.",
        lifespan=lifespan,
        responses=DESCRIBED,
        docs_url=None,  # its page loads scripts from the internet
        redoc_url=None,
    )
    app.state.serving = serving
    app.add_middleware(Edge, serving=serving)
    tell_problems(app, answer_at)
    for router in ROUTERS:
        app.include_router(router)
    return app
