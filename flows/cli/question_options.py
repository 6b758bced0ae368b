"""Options of the verbs that ask a question: who asks, where, at which release, of what."""

from __future__ import annotations

from typing import Annotated

import typer

Question = Annotated[str, typer.Argument(help="The question.")]
View = Annotated[str | None, typer.Option("--view", help="A context view's name.")]
As = Annotated[str | None, typer.Option("--as", help="Who asks: user:NAME. Default: anonymous.")]
Group = Annotated[list[str] | None, typer.Option("--group", help="A group of theirs; may be given again.")]
Release = Annotated[
    str | None, typer.Option("--release", help="Ask this release, by number or name, not the newest.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="The newest release made at or before this time, or date.")
]
Entity = Annotated[
    list[str] | None, typer.Option("--entity", help="Whom it is about: NAME=KEY; may be given again.")
]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="Only passages with source=, media_type=, language=, label.NAME=, since= or until=; again "
        "with the same word: one or the other.",
    ),
]
Budget = Annotated[int | None, typer.Option("--budget", help="Tokens of the whole prompt.")]
