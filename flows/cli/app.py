"""The `headwater` program: verbs, the global options, and how errors end it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.cli import (
    ask,
    backfilling,
    datasets,
    ingesting,
    operating,
    projects,
    quarantining,
    releasing,
    upgrading,
)
from flows.cli.output import Output, print_error
from flows.environment import quiet
from schemas.errors import HeadwaterError

app = typer.Typer(
    name="headwater",
    help="One source of truth for prompts and fine-tuning: ingest, publish, ask, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(
    context: typer.Context,
    project: Annotated[Path, typer.Option("--project", help="The project file.")] = Path("headwater.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Options that every verb takes, written before the verb."""
    context.obj = Output(project=project, as_json=as_json)


for module in (
    projects,
    ingesting,
    backfilling,
    ask,
    datasets,
    releasing,
    quarantining,
    operating,
    upgrading,
):
    module.register(app)


def main() -> None:
    """Run the program.

    Exit codes: 0 done, 1 failed, 2 wrong use or config, 3 a gate refused to publish, 4 unavailable.
    """
    quiet()
    arguments = _globals_first(sys.argv[1:])
    try:
        app(args=arguments)
    except HeadwaterError as problem:
        print_error(problem, as_json="--json" in arguments)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was staged is kept, nothing half done is visible\n")
        sys.exit(130)


def _globals_first(arguments: list[str]) -> list[str]:
    """Let the global options stand anywhere: people write `headwater ingest --json` too."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--json" or word.startswith("--project="):
            first.append(word)
        elif word == "--project":
            first += [word, next(words, "")]
        else:
            rest.append(word)
    return first + rest
