"""`headwater feedback list`: what people said of answers, for those who look after the sources."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import Output

group = typer.Typer(help="What people said of answers.", no_args_is_help=True)
SHOWN = 100


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(group, name="feedback")


@group.command("list")
def list_feedback(
    context: typer.Context,
    kind: Annotated[
        str | None, typer.Option("--kind", help="like, dislike, score, ranking, edit or wrong_citation.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="Of wrong citations: those of this owner's sources.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The newest so many.")] = SHOWN,
) -> None:
    """Feedback, the newest first; `--kind wrong_citation --owner ME` is what an owner has to look at."""
    from flows.stages.feedback import recorded

    out: Output = context.obj
    with out.workspace() as workspace:
        found = recorded(workspace.store, limit=limit, kind=kind, owner=owner)
    columns = ["at", "kind", "labeler", "owner", "uri", "citation", "comment", "context_id"]
    rows = [[str(row[column] if row[column] is not None else "") for column in columns] for row in found]
    out.show(found, out.table(columns, rows))
