"""`headwater release ...`: what was published, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output
from schemas.counts import count
from schemas.errors import NotFoundError

if TYPE_CHECKING:
    from flows.stages.diffing import ReleaseDiff

LINES = 20
"""Documents of one kind that a difference names to a person; `--json` names all of them."""

group = typer.Typer(help="List, show, compare, name, roll back and resume releases.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(metavar="R", help="A release's number or name.")]


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
    shown = [
        {**r, "name": r["name"] or "", "created_at": r["created_at"][:19], "counts": _counts(r["counts"])}
        for r in found
    ]
    columns = ["release", "name", "created_at", "kind", "state", "counts", "note"]
    out.show(found, out.table(columns, [[str(r[column]) for column in columns] for r in shown]))


@group.command("show")
def show(context: typer.Context, release: Which) -> None:
    """One release: its tables, versions, indexes and gates."""
    from infra.store import releases

    out: Output = context.obj
    with out.workspace() as workspace:
        found = releases.named(workspace.store, release)
    tables = {t.name: {"version": t.version, "rows": t.rows} for t in found.tables.values()}
    answer = {
        **found.as_dict(),
        "tables": tables,
        "indexes": found.indexes,
        "gates": found.gates,
        "run_id": found.run_id,
    }
    out.show(answer, _page(answer))


@group.command("diff")
def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="A release's number or name.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Another's.")],
) -> None:
    """What release B has added, changed and removed since release A."""
    from flows.stages.diffing import diff as compare
    from infra.store import releases

    out: Output = context.obj
    with out.workspace() as workspace:
        store = workspace.store
        found = compare(store, releases.named(store, before), releases.named(store, after))
    out.show(found.as_dict(), _differences(found))


@group.command("name")
def name(
    context: typer.Context,
    release: Which,
    given: Annotated[str, typer.Argument(metavar="NAME", help='Its name from now on; "" takes it away.')],
) -> None:
    """Give a release a name; a named release is never thinned out."""
    from infra.store import releases
    from infra.store.naming import give_name

    out: Output = context.obj
    with out.workspace() as workspace:
        number = releases.named(workspace.store, release).release
        made = give_name(workspace.store, number, given)
    told = f"is named {made.name!r}" if made.name else "has no name"
    out.show(made.as_dict(), f"release {made.release} {told}")


@group.command("rollback")
def rollback(context: typer.Context, release: Which) -> None:
    """Go back: publish an earlier release again. Publishing is on hold until `release resume`."""
    from infra.store import releases
    from infra.store.rollback import rollback as roll_back

    out: Output = context.obj
    with out.workspace() as workspace:
        number = releases.named(workspace.store, release).release
        made = roll_back(workspace.store, number, now=workspace.clock())
    out.show(
        made.as_dict(),
        f"release {made.release} equals release {number}; `headwater release resume` lets publishing go on",
    )


@group.command("resume")
def resume(context: typer.Context) -> None:
    """Let publishing go on after a rollback."""
    from infra.store import releases
    from infra.store.rollback import resume as go_on

    out: Output = context.obj
    with out.workspace() as workspace:
        before = releases.current(workspace.store)
        made = go_on(workspace.store, now=workspace.clock())
    nothing = "" if before is None or before.release != made.release else "nothing was on hold: "
    out.show(made.as_dict(), f"{nothing}release {made.release} is current and publishing is open")


@group.command("verify")
def verify(
    context: typer.Context,
    release: Annotated[
        str | None, typer.Argument(metavar="R", help="A release's number or name; the newest without it.")
    ] = None,
) -> None:
    """Read every file of a release. Exit 1 when something is not as it was published."""
    from infra.store import releases
    from infra.store.verify import verify as read_all

    out: Output = context.obj
    with out.workspace() as workspace:
        newest = releases.current(workspace.store)
        if newest is None:
            raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
        found = newest if release is None else releases.named(workspace.store, release)
        problems = read_all(workspace.store, found)
    told = "\n".join(problems) or f"release {found.release} is whole: every row of every table was read"
    out.show({"release": found.release, "whole": not problems, "problems": problems}, told)
    if problems:
        raise typer.Exit(1)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(count(rows, _what(name)) for name, rows in counts.items())


def _what(counted: str) -> str:
    """Return the noun of a count of a release: `document`, `default chunk`."""
    if counted.startswith("features__"):
        return f"{counted.removeprefix('features__')} row"
    return f"{counted.removeprefix('chunks__')} chunk" if "__" in counted else counted.removesuffix("s")


def _differences(found: ReleaseDiff) -> str:
    """Counts first, then the documents, each kind cut off after so many lines."""
    kinds = {
        "added": found.documents.added,
        "changed": found.documents.changed,
        "removed": found.documents.removed,
    }
    counts = ", ".join(f"{len(rows)} {kind}" for kind, rows in kinds.items())
    lines = [f"release {found.before} -> {found.after}", f"  documents  {counts}"]
    for index, chunks in found.chunks.items():
        rebuilt = "  rebuilt: another chunker or embedder made all of it anew" if chunks.rebuilt else ""
        counts = f"{chunks.added} added, {chunks.changed} changed, {chunks.removed} removed"
        lines.append(f"  chunks     {index}: {counts}{rebuilt}")
    for name, rows_of in found.features.items():
        counts = f"{rows_of.added} added, {rows_of.changed} changed, {rows_of.removed} removed"
        lines.append(f"  rows       {name}: {counts}")
    for kind, rows in kinds.items():
        lines += [_document_line(kind, row) for row in rows[:LINES]]
        lines += [f"... and {len(rows) - LINES} more {kind}"] if len(rows) > LINES else []
    return "\n".join(lines)


def _document_line(kind: str, row: dict[str, Any]) -> str:
    what = f"  ({', '.join(row['what'])})" if kind == "changed" else ""
    title = f"  {row['title']}" if row["title"] else ""
    return f"{kind:<8} {row['source']}  {row['key']}{title}{what}"


def _page(answer: dict[str, Any]) -> str:
    name = f"  {answer['name']}" if answer["name"] else ""
    head = f"release {answer['release']}{name}  {answer['kind']}  {answer['state']}  {answer['created_at']}"
    lines = [head, answer["note"]]
    lines += [
        f"  {name}  version {t['version']}  {count(t['rows'], 'row')}" for name, t in answer["tables"].items()
    ]
    lines += [f"  index {n} -> {i['table']} ({i['embedder']['model']})" for n, i in answer["indexes"].items()]
    return "\n".join(lines)
