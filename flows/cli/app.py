"""The `headwater` program: verbs, the global options, and how errors end it."""

from __future__ import annotations

import sys
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from flows.cli import (
    agents,
    answering,
    ask,
    backfilling,
    contexts,
    datasets,
    evaluating,
    feedback,
    freshness,
    ingesting,
    keys,
    operating,
    projects,
    quarantining,
    releasing,
    replaying,
    serving,
    upgrading,
)
from flows.cli.ending import exit_code
from flows.cli.output import Output
from flows.environment import quiet

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
    answering,
    contexts,
    datasets,
    evaluating,
    freshness,
    releasing,
    replaying,
    quarantining,
    serving,
    agents,
    keys,
    feedback,
    operating,
    upgrading,
):
    module.register(app)


def main() -> None:
    """Run the program.

    Exit codes: 0 done, 1 failed, 2 wrong use or config, 3 a gate refused to publish, 4 unavailable,
    130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    quiet()
    first, rest = _globals_first(sys.argv[1:])
    run = partial(app, args=[*first, *rest], standalone_mode=False)
    sys.exit(exit_code(run, as_json="--json" in first))


def _globals_first(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Let the global options stand anywhere up to `--`: people write `headwater ingest --json` too."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--json" or word.startswith("--project="):
            first.append(word)
        elif word == "--project":
            first += [word, *islice(words, 1)]
        else:
            rest.append(word)
    return first, rest
