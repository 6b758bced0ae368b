"""`headwater serve`: the HTTP server."""

from __future__ import annotations

import sys
from functools import partial
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
    from flows.serving.warming import start_warming

    out: Output = context.obj
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with out.workspace() as workspace:
        warming = start_warming(workspace)  # beside the import of all that is HTTP
        from flows.serving.running import serve_until_stopped

        serve_until_stopped(workspace, given, partial(_say_now, out), warming)


def _say_now(out: Output, text: str) -> None:
    """Say it even where nobody sits at a terminal: who started the server waits for its address."""
    out.say(text)
    sys.stdout.flush()
