"""`headwater keys ...`: who may call the server, and what for."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import Output
from schemas.errors import ConfigError

group = typer.Typer(help="Make, list and revoke API keys of the HTTP server.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(group, name="keys")


@group.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is called; never given twice.")],
    principal: Annotated[
        str | None, typer.Option("--as", help="Who its holder is: user:NAME. Default: anonymous.")
    ] = None,
    groups: Annotated[
        list[str] | None, typer.Option("--group", help="A group of theirs; may be given again.")
    ] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", help="read, feedback, push or admin; may be given again. Default: the first two."
        ),
    ] = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    from infra.store.keys import add_key
    from schemas.context import Principal
    from schemas.key import DEFAULT_SCOPES, SCOPES

    out: Output = context.obj
    unknown = set(scopes or ()) - set(SCOPES)
    if unknown:
        raise ConfigError(f"there is no scope {min(unknown)!r}", fix=f"use {', '.join(SCOPES)}")
    user = principal.removeprefix("user:") if principal else None
    who = Principal(user=user or None, groups=tuple(one.removeprefix("group:") for one in groups or ()))
    try:
        who.entries()
    except ValueError as problem:
        raise ConfigError(str(problem), fix="write --as user:NAME and --group NAME") from None
    with out.workspace() as workspace:
        made = add_key(workspace.store, name, who, scopes or DEFAULT_SCOPES, now=workspace.clock())
    out.show({"name": name, "key": made}, f"{made}\nkept nowhere: this is the only time it is shown")


@group.command("revoke")
def revoke(context: typer.Context, name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """Close a key for good; a server that runs follows within a second."""
    from infra.store.keys import revoke_key

    out: Output = context.obj
    with out.workspace() as workspace:
        found = revoke_key(workspace.store, name, now=workspace.clock())
    out.show(found.as_dict(), f"key {name!r} is revoked")


@group.command("list")
def list_keys(context: typer.Context) -> None:
    """Every key: whose it is and what it opens, never the key itself."""
    from infra.store.keys import keys

    out: Output = context.obj
    with out.workspace() as workspace:
        found = [key.as_dict() for key in keys(workspace.store)]
    columns = ["name", "user", "groups", "scopes", "created_at", "revoked_at"]
    rows = [[_cell(key[column]) for column in columns] for key in found]
    out.show(found, out.table(columns, rows))


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
