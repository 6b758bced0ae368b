"""`headwater release ...`: what was published, and going back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.output import Output
from schemas.errors import NotFoundError

group = typer.Typer(help="List, show, roll back and resume releases.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(group, name="release")


@group.command("list")
def list_releases(context: typer.Context) -> None:
    """Every release, newest last."""
    from infra.store import releases

    out: Output = context.obj
    with out.workspace() as workspace:
        found = [release.as_dict() for release in releases.releases(workspace.store)]
    rows = [
        [str(r["release"]), r["created_at"][:19], r["kind"], r["state"], _counts(r["counts"]), r["note"]]
        for r in found
    ]
    out.show(found, out.table(["release", "created_at", "kind", "state", "counts", "note"], rows))


@group.command("show")
def show(context: typer.Context, release: Annotated[int, typer.Argument(help="A release's number.")]) -> None:
    """One release: its tables, versions, indexes and gates."""
    from infra.store import releases

    out: Output = context.obj
    with out.workspace() as workspace:
        found = releases.get(workspace.store, release)
    tables = {t.name: {"version": t.version, "rows": t.rows} for t in found.tables.values()}
    answer = {
        **found.as_dict(),
        "tables": tables,
        "indexes": found.indexes,
        "gates": found.gates,
        "run_id": found.run_id,
    }
    out.show(answer, _page(answer))


@group.command("rollback")
def rollback(
    context: typer.Context, release: Annotated[int, typer.Argument(help="The release to go back to.")]
) -> None:
    """Publish a release equal to an earlier one, and hold publishing until `release resume`."""
    from infra.store.rollback import rollback as roll_back

    out: Output = context.obj
    with out.workspace() as workspace:
        made = roll_back(workspace.store, release, now=workspace.clock())
    out.show(
        made.as_dict(),
        f"release {made.release} equals release {release}; `headwater release resume` lets publishing go on",
    )


@group.command("resume")
def resume(context: typer.Context) -> None:
    """Let publishing go on after a rollback."""
    from infra.store.rollback import resume as go_on

    out: Output = context.obj
    with out.workspace() as workspace:
        made = go_on(workspace.store, now=workspace.clock())
    out.show(made.as_dict(), f"release {made.release} is current and publishing is open")


@group.command("verify")
def verify(
    context: typer.Context,
    release: Annotated[int | None, typer.Argument(help="A release's number; the newest without it.")] = None,
) -> None:
    """Read every file of a release; exit 1 when something is not as it was published."""
    from infra.store import releases
    from infra.store.verify import verify as read_all

    out: Output = context.obj
    with out.workspace() as workspace:
        newest = releases.current(workspace.store)
        if newest is None:
            raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
        found = releases.get(workspace.store, release) if release else newest
        problems = read_all(workspace.store, found)
    told = "\n".join(problems) or f"release {found.release} is whole: every row of every table was read"
    out.show({"release": found.release, "whole": not problems, "problems": problems}, told)
    if problems:
        raise typer.Exit(1)


def _counts(counts: dict[str, int]) -> str:
    named = {
        f"{name.removeprefix('chunks__')} chunks" if "__" in name else name: n for name, n in counts.items()
    }
    return ", ".join(f"{rows} {name}" for name, rows in named.items())


def _page(answer: dict[str, Any]) -> str:
    head = f"release {answer['release']}  {answer['kind']}  {answer['state']}  {answer['created_at']}"
    lines = [head, answer["note"]]
    lines += [f"  {name}  version {t['version']}  {t['rows']} rows" for name, t in answer["tables"].items()]
    lines += [f"  index {n} -> {i['table']} ({i['embedder']['model']})" for n, i in answer["indexes"].items()]
    return "\n".join(lines)
