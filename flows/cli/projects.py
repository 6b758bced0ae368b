"""`headwater init`, `schema` and `doctor`: starting out, and finding out what is wrong."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import Output
from schemas.errors import ConfigError, HeadwaterError

if TYPE_CHECKING:
    from infra.doctor import Check

STARTER = Path(__file__).parents[2] / "infra" / "starter"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("init")(init)
    app.command("schema")(schema)
    app.command("doctor")(doctor)


def init(
    context: typer.Context, folder: Annotated[Path, typer.Argument(help="Where to start.")] = Path()
) -> None:
    """A commented headwater.yaml and a tiny sample to start from. Nothing there is overwritten."""
    out: Output = context.obj
    there = [str(folder / name) for name in ("headwater.yaml", "notes") if (folder / name).exists()]
    if there:
        raise ConfigError(f"{there[0]!r} is already there", fix="name another folder: headwater init DIR")
    shutil.copytree(STARTER, folder, dirs_exist_ok=True)
    made = sorted(str(path.relative_to(STARTER)) for path in STARTER.rglob("*") if path.is_file())
    cd = "" if folder == Path() else f"cd {folder} && "
    out.show({"folder": str(folder), "files": made}, f"made {', '.join(made)}\nnext: {cd}headwater ingest")


def schema(context: typer.Context) -> None:
    """The JSON Schema of the project file, for editors."""
    import json

    from flows.project_schema import project_schema

    out: Output = context.obj
    described = project_schema()
    out.show(described, json.dumps(described, indent=2))


def doctor(context: typer.Context) -> None:
    """What this machine lacks or leaves unused, and how to mend it."""
    from infra.doctor import checks

    out: Output = context.obj
    found = [*checks(*_store_of(out.project)), *_embedders(out)]
    rows = [
        [check.status, check.name, check.detail + (f"; {check.fix}" if check.fix else "")] for check in found
    ]
    out.show([asdict(check) for check in found], out.table(["status", "what", "detail"], rows))
    if any(check.status in ("missing", "mismatch") for check in found):
        raise typer.Exit(1)


def _embedders(out: Output) -> list[Check]:
    """Whether each index's embedder is for the languages it has."""
    if not out.project.exists():
        return []
    from flows.stages.fitting import released_misfits
    from infra.doctor import Check

    with out.workspace() as workspace:
        try:
            found = released_misfits(workspace)
        except HeadwaterError as problem:
            return [Check("embedder", "warning", problem.detail, problem.fix)]
    return [
        Check("embedder", "warning" if note else "ok", note or f"index {name} has what it is for")
        for name, note in sorted(found.items())
    ]


def _store_of(project: Path) -> tuple[str | None, dict[str, str]]:
    from infra.project_file import open_project

    if not project.exists():
        return None, {}
    opened = open_project(project)
    return opened.store_uri, opened.project.store.storage_options
