"""`headwater mcp`: the tools for agents over standard input and output, for one person."""

from __future__ import annotations

import asyncio

from mcp.server.stdio import stdio_server

from flows.serving.mcp_tools import mcp_server
from flows.serving.serving import Serving
from flows.workspace import Workspace
from schemas.context import Principal


def serve_stdio(workspace: Workspace, who: Principal) -> None:
    """Answer one client until it goes; standard output is the protocol's alone."""
    asyncio.run(_serve(workspace, who))


async def _serve(workspace: Workspace, who: Principal) -> None:
    serving = Serving(workspace)
    server = mcp_server(serving, lambda _context: who)
    await serving.start()
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    finally:
        await serving.stop()
