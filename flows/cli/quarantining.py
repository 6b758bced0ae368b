"""`headwater quarantine ...`: what did not pass, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.ingesting import ingest_each
from flows.cli.output import Output
from schemas.errors import NotFoundError

group = typer.Typer(help="List, show and try again what did not pass.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(group, name="quarantine")


@group.command("list")
def list_quarantine(
    context: typer.Context,
    source: Annotated[str | None, typer.Option("--source", help="Only this source.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every attempt, not only what is in quarantine now.")
    ] = False,
) -> None:
    """What is in quarantine now, newest attempt each, with the reason."""
    from flows.stages.quarantining import in_quarantine

    out: Output = context.obj
    with out.workspace() as workspace:
        rows = in_quarantine(workspace, source, everything=everything)
    lines = [
        [r["quarantine_id"], r["source"], _what(r), r["stage"], r["reason"], r["message"][:70]] for r in rows
    ]
    text = (
        out.table(["id", "source", "item", "stage", "reason", "message"], lines)
        if rows
        else "nothing is in quarantine"
    )
    out.show(rows, text)


@group.command("show")
def show(
    context: typer.Context, quarantine_id: Annotated[str, typer.Argument(help="An id from the list.")]
) -> None:
    """One attempt, whole."""
    from flows.stages.quarantining import in_quarantine

    out: Output = context.obj
    with out.workspace() as workspace:
        rows = [
            r for r in in_quarantine(workspace, None, everything=True) if r["quarantine_id"] == quarantine_id
        ]
    if not rows:
        raise NotFoundError(
            f"there is no quarantine entry {quarantine_id!r}", fix="run `headwater quarantine list --all`"
        )
    out.show(rows[0], "\n".join(f"{name:<14}{value}" for name, value in rows[0].items()))


@group.command("retry")
def retry(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids from the list; all of it without them.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only this source.")] = None,
) -> None:
    """Fetch and parse quarantined items again now, whatever their reason, in a run of their source."""
    from flows.stages.ingesting import IngestOptions
    from flows.stages.retrying import items_to_retry

    out: Output = context.obj
    with out.workspace() as workspace:
        found = items_to_retry(workspace, ids or (), source)
        if not found:
            out.show([], "nothing is in quarantine")
            return
        options = {name: IngestOptions(retry=keys) for name, keys in found.items()}
        ingest_each(out, workspace, options)


def _what(row: dict[str, Any]) -> str:
    return row["key"] if row["record"] is None else f"{row['key']}#{row['record']}"
