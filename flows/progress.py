"""Progress: what a person sees while long work goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """Receives how far a run is; `total` is what is known so far."""

    def advance(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` items of this kind are behind us."""
        ...


class Silent:
    """Shows nothing."""

    def advance(self, what: str, done: int, total: int) -> None:
        """Show nothing."""


class Bars:
    """One bar per kind of work, on a terminal."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars, self._tasks = bars, dict[str, "TaskID"]()

    def advance(self, what: str, done: int, total: int) -> None:
        """Move the bar of this kind of work, which appears when it begins."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)


@contextmanager
def terminal_progress(*, shown: bool) -> Iterator[Progress]:
    """Show bars on standard error while inside, when it is a terminal and bars are wanted."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichBars

    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield Silent()
        return
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with RichBars(*columns, console=console, transient=True) as bars:
        yield Bars(bars)
