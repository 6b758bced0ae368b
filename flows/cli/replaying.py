"""`headwater replay`: which questions that were asked would get another context at a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import Output
from schemas.counts import count

if TYPE_CHECKING:
    from schemas.replay import Changed, Replay

LINES = 20
"""Changed contexts that a person is shown; `--json` has all of them."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("replay")(replay)


def replay(
    context: typer.Context,
    requests: Annotated[
        Path, typer.Option("--requests", help="A JSONL file of {question, view?, principal?, groups?}.")
    ],
    release: Annotated[str, typer.Option("--release", help="The release to ask, by number or name.")],
    against: Annotated[
        str | None, typer.Option("--against", help="The release to compare with; the newest without it.")
    ] = None,
) -> None:
    """Which logged questions would get another context at a release."""
    from flows.stages.replaying import replay as ask_again
    from infra.requests import read_requests
    from infra.store import releases

    out: Output = context.obj
    with out.workspace() as workspace:
        number = releases.named(workspace.store, release).release
        other = releases.named(workspace.store, against).release if against is not None else None
        found = ask_again(workspace, read_requests(requests), release=number, against=other)
    out.show(found.as_dict(), _page(found))


def _page(found: Replay) -> str:
    head = (
        f"{len(found.changed)} of {count(found.requests, 'context')} would not be the same at release "
        f"{found.release} as at release {found.against}"
    )
    more = len(found.changed) - LINES
    lines = [line for one in found.changed[:LINES] for line in _lines(one)]
    return "\n".join([head, *lines, *([f"... and {more} more"] if more > 0 else [])])


def _lines(one: Changed) -> list[str]:
    turned = {(True, False): "  now answerable", (False, True): "  no longer answerable"}
    moved = [f"    + {uri}" for uri in one.added] + [f"    - {uri}" for uri in one.removed]
    order = ["    in another order"] if not moved and one.answerable else []
    return [f"  {one.question}{turned.get((one.answerable, one.was_answerable), '')}", *moved, *order]
