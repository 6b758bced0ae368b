"""`headwater export` and `headwater lineage`: datasets out of a release, and where their rows come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output, count

if TYPE_CHECKING:
    from schemas.dataset import Export


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("export")(export)
    app.command("lineage")(lineage)


def export(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="A dataset's name in the project file.")],
    release: Annotated[
        str | None, typer.Option("--release", help="Export this release, by number or name, not the newest.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to. Default: `datasets` beside the project file."),
    ] = None,
) -> None:
    """Write a dataset: rows, card, manifest and each row's lineage."""
    from flows.stages.exporting import export as write
    from infra.store import releases

    to: Output = context.obj
    with to.workspace() as workspace:
        number = releases.named(workspace.store, release).release if release is not None else None
        written = write(workspace, dataset, release=number, out=out)
    to.show(written.as_dict(), _export_text(written))


def lineage(
    context: typer.Context,
    identity: Annotated[
        str,
        typer.Argument(metavar="ID", help="The id of a row, chunk or document, or a document's path or URI."),
    ],
) -> None:
    """Where a row comes from, or which rows use a chunk or document."""
    from flows.stages.lineage import lineage_of

    to: Output = context.obj
    with to.workspace() as workspace:
        found = lineage_of(workspace, str(Path(identity).absolute()) if Path(identity).exists() else identity)
    to.show(found, _lineage_text(to, found))


def _export_text(written: Export) -> str:
    rows = ", ".join(f"{count} {split}" for split, count in written.splits.items())
    lines = [f"{written.dataset} from release {written.release}: {rows}"]
    lines += [f"  refused {count:>6}  {reason}" for reason, count in written.refused.items()]
    return "\n".join([*lines, f"  in {written.out}"])


def _lineage_text(to: Output, found: dict[str, Any]) -> str:
    exports = found["exports"]
    head = f"{found['kind']} {found['id']} is in {count(len(exports), 'export')}"
    return "\n\n".join([head, *(_export_lineage(to, found["kind"], one) for one in exports)])


def _export_lineage(to: Output, kind: str, export: dict[str, Any]) -> str:
    rows = export["rows"]
    said = f"{len(rows)} of {count(export['rows_total'], 'row')}"
    if kind == "row":
        said = f"made from a {rows[0]['kind']}"
    head = f"{export['dataset']} from release {export['release']}: {said}, in {export['out']}"
    lines = [
        [*([f"{row['split']}.jsonl:{row['line']}", row["row_id"]] if n == 0 else ["", ""]), *_used(chunk)]
        for row in rows
        for n, chunk in enumerate(row["chunks"])
    ]
    columns = ["row", "row id", "as", "document", "characters", "now", "chunk"]
    return f"{head}\n{to.table(columns, lines)}"


def _used(chunk: dict[str, Any]) -> list[str]:
    span = f"{chunk['start']}..{chunk['end']}"
    return [chunk["role"], chunk["uri"], span, _state(chunk), chunk["chunk_id"]]


def _state(chunk: dict[str, Any]) -> str:
    return "as it was" if chunk["current"] else "changed or gone"
