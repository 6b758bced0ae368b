"""`headwater upgrade`: an older store brought to the format that this version writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import Output

if TYPE_CHECKING:
    from infra.store.upgrade import Upgrade


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("upgrade")(upgrade)


def upgrade(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the steps.")] = False,
) -> None:
    """Bring an older store to this version's format. Back it up first."""
    from infra.store.upgrade import plan
    from infra.store.upgrade import upgrade as bring

    out: Output = context.obj
    with out.workspace() as workspace:
        found = plan(workspace.store) if dry_run else bring(workspace.store)
    out.show({**found.as_dict(), "done": not dry_run}, _text(found, dry_run))


def _text(found: Upgrade, dry_run: bool) -> str:
    if not found.steps:
        return f"the store is up to date: format {found.format}"
    lines = [f"  {number} -> {number + 1}  {step.what}" for number, step in found.steps.items()]
    head = "would be" if dry_run else "was"
    return "\n".join([f"the store {head} upgraded from format {found.format} to {found.newest}:", *lines])
