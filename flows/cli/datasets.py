"""`headwater export` and `headwater lineage`: datasets out of a release, and where their rows come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output

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
    """Write a dataset's files: rows for trainers, a card, a manifest, and each row's lineage."""
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
        str, typer.Argument(metavar="ID", help="A row's, chunk's or document's id, or a document's URI.")
    ],
) -> None:
    """Where a row comes from; which exported rows use a chunk or a document."""
    from flows.stages.lineage import lineage_of

    to: Output = context.obj
    with to.workspace() as workspace:
        found = lineage_of(workspace, identity)
    to.show(found, _lineage_text(to, found))


def _export_text(written: Export) -> str:
    rows = ", ".join(f"{count} {split}" for split, count in written.splits.items())
    lines = [f"{written.dataset} from release {written.release}: {rows}"]
    lines += [f"  refused {count:>6}  {reason}" for reason, count in written.refused.items()]
    return "\n".join([*lines, f"  in {written.out}"])


def _lineage_text(to: Output, found: dict[str, Any]) -> str:
    if found["kind"] == "row":
        head = (
            f"row {found['id']}, made from a {found['made_from']}"
            if found["made_from"]
            else f"row {found['id']}"
        )
        places = [
            [r["dataset"], str(r["release"]), f"{r['split']}.jsonl:{r['line']}", r["out"]]
            for r in found["rows"]
        ]
        origin = [
            [c["role"], c["uri"], f"{c['start']}..{c['end']}", _state(c), c["chunk_id"]]
            for c in found["chunks"]
        ]
        tables = (
            to.table(["dataset", "release", "row", "folder"], places),
            to.table(["role", "document", "characters", "now", "chunk"], origin),
        )
        return "\n\n".join((head, *tables))
    head = f"{found['kind']} {found['id']} is in {len(found['rows'])} exported rows"
    rows = [
        [r["dataset"], str(r["release"]), f"{r['split']}.jsonl:{r['line']}", r["role"], r["row_id"]]
        for r in found["rows"]
    ]
    return f"{head}\n\n{to.table(['dataset', 'release', 'row', 'as', 'row id'], rows)}" if rows else head


def _state(chunk: dict[str, Any]) -> str:
    return "as it was" if chunk["current"] else "changed or gone"
