"""/mcp: the tools for agents over streamable HTTP, each request by itself; the API key says who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request, Response
from mcp.server import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from flows.serving.callers import Reads
from flows.serving.mcp_tools import mcp_server
from flows.serving.serving import Serving
from schemas.context import Principal

router = APIRouter(tags=["mcp"])
CALLER = "headwater.caller"


@asynccontextmanager
async def mcp_running(app: FastAPI, serving: Serving) -> AsyncIterator[None]:
    """Answer the protocol as long as the application runs; no session is kept between two requests."""
    manager = StreamableHTTPSessionManager(mcp_server(serving, _asker), json_response=True, stateless=True)
    app.state.mcp = manager
    async with manager.run():
        yield


@router.api_route("/mcp", methods=["GET", "POST", "DELETE"], include_in_schema=False)
async def mcp(request: Request, caller: Reads) -> Response:
    """The Model Context Protocol's endpoint."""
    request.scope[CALLER] = caller.principal
    return _HandedOn(request.app.state.mcp)


def _asker(context: ServerRequestContext[Any, Any]) -> Principal:
    return cast("Principal", cast("Request", context.request).scope[CALLER])


class _HandedOn(Response):
    """A response that the protocol's own server sends."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)
