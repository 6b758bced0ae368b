"""How verbs speak: JSON for scripts on stdout, or text for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import HeadwaterError

if TYPE_CHECKING:
    from rich.console import Console

    from flows.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The global options, and where text goes."""

    project: Path
    as_json: bool

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Open the project, with progress bars for people on a terminal."""
        from flows.progress import terminal_progress
        from flows.workspace import open_workspace

        with terminal_progress(shown=not self.as_json) as progress:
            yield open_workspace(self.project, progress=progress)

    def show(self, answer: Any, text: str | None = None) -> None:
        """Print the answer of a verb: as one JSON document, or the text made for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(answer, indent=2, default=_jsonable, ensure_ascii=False) + "\n")
        elif text is not None:
            self.say(text)

    def say(self, text: str) -> None:
        """Print text for people: on stdout, or on stderr when stdout is for scripts."""
        (sys.stderr if self.as_json else sys.stdout).write(text.rstrip("\n") + "\n")

    def table(self, columns: list[str], rows: list[list[str]]) -> str:
        """Return rows laid out in columns."""
        widths = [max([len(c), *(len(row[n]) for row in rows)]) for n, c in enumerate(columns)]
        lines = [[*columns], *rows]
        return "\n".join(
            "  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
        )


def refusal_lines(told: dict[str, str], head: str = "REFUSED") -> list[str]:
    """Return what refused or ended a run, under the run's first line."""
    said = {head: told["detail"], "state": told["state"], "fix": told["fix"]}
    return [f"  {name:<10} {text}" for name, text in said.items() if text]


def console() -> Console:
    """Return a console on stderr for people."""
    from rich.console import Console

    return Console(stderr=True)


def print_error(problem: HeadwaterError, *, as_json: bool) -> None:
    """Print an error: what and which, what is left, what to do."""
    if as_json:
        sys.stdout.write(json.dumps(problem.as_dict(), indent=2) + "\n")
    lines = [f"{problem.code}: {problem.detail}", f"  state: {problem.state}"]
    lines += [f"  fix:   {problem.fix}"] if problem.fix else []
    sys.stderr.write("\n".join(lines) + "\n")


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
