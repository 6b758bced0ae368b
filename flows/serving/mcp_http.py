"""/mcp: the tools for agents over streamable HTTP, each request by itself; the API key says who asks."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.types import Receive, Scope, Send

from flows.serving.callers import Reads, Served

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from flows.serving.serving import Serving

router = APIRouter(tags=["mcp"])
CALLER = "headwater.caller"
MODULES = ("flows.serving.mcp_tools", "mcp.server.streamable_http_manager")


class McpEndpoint:
    """The protocol's own server, begun at the first request: its import would make every start slower."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._running: asyncio.Task[None] | None = None
        self._manager: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._stopped = asyncio.Event()

    async def manager(self) -> StreamableHTTPSessionManager:
        """Return what answers the protocol."""
        if self._manager is None:
            self._manager = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._manager))
        return await asyncio.shield(self._manager)

    async def stop(self) -> None:
        """End it."""
        self._stopped.set()
        if self._running is not None:
            await self._running

    async def _run(self, begun: asyncio.Future[StreamableHTTPSessionManager]) -> None:
        try:
            tools, managers = [await asyncio.to_thread(import_module, name) for name in MODULES]
            server = tools.mcp_server(self._serving, lambda context: context.request.scope[CALLER])
            manager = managers.StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        except Exception as problem:  # noqa: BLE001 - told to whoever waits for it
            begun.set_exception(problem)
            return
        async with manager.run():
            begun.set_result(manager)
            await self._stopped.wait()


@router.post("/mcp", include_in_schema=False)
async def mcp(request: Request, caller: Reads, serving: Served) -> Response:
    """The Model Context Protocol's endpoint; without sessions there is no stream to open or end."""
    request.scope[CALLER] = caller.principal
    return _HandedOn(await serving.mcp.manager())


class _HandedOn(Response):
    """A response that the protocol's own server sends."""

    def __init__(self, manager: Any) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)
