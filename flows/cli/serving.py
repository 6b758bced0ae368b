"""`headwater serve`: the HTTP server."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Instead of `serve.host`.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Instead of `serve.port`; 0: a free one.")
    ] = None,
) -> None:
    """Answer over HTTP until Ctrl-C, always from the newest release."""
    from flows.serving.running import serve_until_stopped

    out: Output = context.obj
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with out.workspace() as workspace:
        serve_until_stopped(workspace, given, out.say)
