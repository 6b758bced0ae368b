"""Datasets out of a release, what was trained on them, and where their rows come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output
from schemas.counts import count

if TYPE_CHECKING:
    from flows.workspace import Workspace
    from schemas.dataset import Export
    from schemas.model_answer import Estimate


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("export")(export)
    app.command("lineage")(lineage)
    app.command("register")(register_model)


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
    since: Annotated[
        str | None,
        typer.Option("--since", help="Write what is new and what is retracted since this release, too."),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            "--like", help="The manifest of an earlier export: take its release, and feedback as it was then."
        ),
    ] = None,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate", help="Say what a language model would read and write; ask and write nothing."
        ),
    ] = False,
) -> None:
    """Write a dataset: rows, card, manifest and each row's lineage."""
    from flows.stages.exporting import export as write
    from flows.stages.writing import estimate_of
    from infra.store import releases

    to: Output = context.obj
    pinned = read_manifest(like) if like else {}
    with to.workspace() as workspace:
        named = releases.named(workspace.store, release).release if release is not None else None
        number = named or pinned.get("release")
        if estimate:
            found = estimate_of(workspace, dataset, number)
            to.show(found.as_dict(), _estimate_text(found))
            return
        written = write(workspace, dataset, release=number, out=out, pins=pinned.get("pins"))
        delta = None if since is None else _delta(workspace, written, since)
    told = written.as_dict() if delta is None else {**written.as_dict(), "delta": str(delta)}
    to.show(told, _export_text(written, delta))


def _delta(workspace: Workspace, written: Export, since: str) -> Path:
    from flows.stages.dataset_delta import write_delta

    return write_delta(workspace, written, _number(workspace, since))


def _number(workspace: Workspace, told: str) -> int:
    """Return a release's number; an expired one has a number still, and exports."""
    from infra.store import releases

    return int(told) if told.isdecimal() else releases.named(workspace.store, told).release


def read_manifest(path: Path) -> dict[str, Any]:
    """Return an earlier export's manifest. Raises ConfigError for a file that is none."""
    from schemas.errors import ConfigError

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ConfigError(f"{str(path)!r} is no manifest: {problem}", fix="name a manifest.json") from problem
    if not isinstance(found, dict) or "release" not in found:
        raise ConfigError(f"{str(path)!r} is no manifest: it names no release", fix="name a manifest.json")
    return found


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


def _estimate_text(found: Estimate) -> str:
    cost = "" if found.cost is None else f", {found.cost} at most at the prices of the project file"
    return (
        f"{count(found.calls, 'call')} of {found.model}, {found.cached} answered before\n"
        f"  reads about {found.prompt_tokens:,} tokens and writes at most {found.completion_tokens:,}{cost}"
    )


def register_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The model's name, as those who trained it call it.")],
    dataset: Annotated[str, typer.Option("--dataset", help="The dataset it was trained on.")],
    release: Annotated[
        str | None, typer.Option("--release", help="The dataset's release. Default: the newest exported.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Anything worth remembering.")] = "",
) -> None:
    """Remember that a model was trained on an export. Lineage names it then."""
    from flows.stages.dataset_exports import register_model as register

    to: Output = context.obj
    with to.workspace() as workspace:
        number = None if release is None else _number(workspace, release)
        row = register(workspace, name, dataset=dataset, release=number, note=note)
    rows = count(row["rows"], "row")
    to.show(row, f"{name} was trained on {dataset} at release {row['release']}: {rows}, in {row['out']}")


def _export_text(written: Export, delta: Path | None) -> str:
    rows = ", ".join(f"{count} {split}" for split, count in written.splits.items())
    lines = [f"{written.dataset} from release {written.release}: {rows}"]
    lines += [f"  refused {count:>6}  {reason}" for reason, count in written.refused.items()]
    others = [f"{n} for {who}" for who, n in written.audiences.items()]
    if len(others) > 1:
        lines.append(f"  rows by audience, before other refusals: {', '.join(others)}")
    ends = [f"  in {written.out}", *([f"  delta in {delta}"] if delta else [])]
    return "\n".join([*lines, *ends])


def _lineage_text(to: Output, found: dict[str, Any]) -> str:
    exports = found["exports"]
    contexts = found["contexts"]
    shown = f", and was shown in {count(len(contexts), 'context')}" if contexts else ""
    head = f"{found['kind']} {found['id']} is in {count(len(exports), 'export')}{shown}"
    columns = ["context", "asked", "through", "view", "release"]
    lines = [
        [one["context_id"], one["asked_at"], one["interface"], one["view"], str(one["release"])]
        for one in contexts
    ]
    return "\n\n".join(
        [
            head,
            *(_export_lineage(to, found["kind"], one) for one in exports),
            *([to.table(columns, lines)] if lines else []),
            *map(_lost, found["missing"]),
        ]
    )


def _lost(export: dict[str, Any]) -> str:
    trained = f"; trained on it: {', '.join(export['models'])}" if export["models"] else ""
    where = f"{export['dataset']} from release {export['release']}, in {export['out']}"
    return f"not looked into, since it is gone or was written over: {where}{trained}"


def _export_lineage(to: Output, kind: str, export: dict[str, Any]) -> str:
    rows = export["rows"]
    said = f"{len(rows)} of {count(export['rows_total'], 'row')}"
    if kind == "row":
        said = f"made from a {rows[0]['kind']}"
    trained = f"; trained on it: {', '.join(export['models'])}" if export["models"] else ""
    head = f"{export['dataset']} from release {export['release']}: {said}, in {export['out']}{trained}"
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
