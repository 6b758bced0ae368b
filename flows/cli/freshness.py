"""`headwater freshness`: how far each source is behind."""

from __future__ import annotations

import typer

from flows.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("freshness")(freshness)


def freshness(context: typer.Context) -> None:
    """Which source is late. It tells when each changed, was looked at, and released."""
    from flows.run_reports import moment
    from flows.running import run_freshness

    out: Output = context.obj
    with out.workspace() as workspace:
        found = run_freshness(workspace)
    columns = [
        "source",
        "state",
        "changed at source",
        "allowed",
        "looked at",
        "release",
        "documents",
        "quarantine",
    ]
    rows = [
        [
            *(one.source, one.state, moment(one.changed_at), one.max_age or "", moment(one.looked_at)),
            *(str(one.release or ""), str(one.documents), str(one.quarantined or 0)),
        ]
        for one in found
    ]
    told = [f"{one.source}: {one.detail}" for one in found if one.detail]
    out.show([one.as_dict() for one in found], "\n".join([out.table(columns, rows), *told]))
