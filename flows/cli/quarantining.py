"""`headwater quarantine ...`: what did not pass, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.ingesting import ingest_each
from flows.cli.output import Output
from schemas.errors import NotFoundError

group = typer.Typer(help="List, show and try again what did not pass.", no_args_is_help=True)

NEXT = "mend what the message says, then `headwater ingest`; `headwater quarantine retry` tries all of it now"
"""What to do with items in quarantine."""


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
        if source is not None:
            workspace.opened.check_name(source)
        rows = in_quarantine(workspace, source, everything=everything)
    columns = ["id", "at", "source", "item", "stage", "reason", "message"]
    table = out.table(columns, [_line(row) for row in rows])
    out.show(rows, f"{table}\n{NEXT}" if rows else "nothing is in quarantine")


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
    out.show(rows[0], "\n".join(f"{name:<14}{value}" for name, value in rows[0].items() if value))


@group.command("retry")
def retry(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids from the list; all of it without them.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only this source.")] = None,
) -> None:
    """Fetch and parse quarantined items again now. Whatever their reason, in a run of their source."""
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


def _line(row: dict[str, Any]) -> list[str]:
    at = f"{row['at']:%Y-%m-%d %H:%M:%S}"
    return [
        *(row["quarantine_id"], at, row["source"], _what(row)),
        *(row["stage"], row["reason"], row["message"][:70]),
    ]


def _what(row: dict[str, Any]) -> str:
    return row["key"] if row["record"] is None else f"{row['key']}#{row['record']}"
