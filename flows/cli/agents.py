"""`headwater mcp`: tools for an agent on this machine."""

from __future__ import annotations

import typer

from flows.cli.output import Output
from flows.cli.question_options import As, Group


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("mcp")(mcp)


def mcp(ctx: typer.Context, principal: As = None, group: Group = None) -> None:
    """`search` and `fetch` for an agent, over MCP on stdio."""
    from flows.serving.callers import principal_of
    from flows.serving.mcp_stdio import serve_stdio

    out: Output = ctx.obj
    who = principal_of(principal, group or ())
    with out.workspace() as workspace:
        serve_stdio(workspace, who)
