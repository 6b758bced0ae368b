"""How the program ends: what a person and a script are told, and the exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, cast

import typer

from flows.cli.output import print_error
from flows.cli.stopping import Stopping
from schemas.errors import ConfigError, HeadwaterError, StoppedError

WRONG_USE = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""What Typer raises for every wrong call; it exports only this heir of it."""
INTERRUPTED = 130
"""What Typer makes of a KeyboardInterrupt."""


def exit_code(verb: Callable[[], Any], *, as_json: bool) -> int:
    """Run a verb, print the error that ended it, if one did, and return the program's exit code."""
    stopping = Stopping()
    stopping.listen()
    try:
        code = int(verb() or 0)
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001 - nothing may end it without a word
        if stopping.received is None:
            return _told(problem, as_json=as_json)
        code = INTERRUPTED
    if code != INTERRUPTED or stopping.received is None:
        return code
    print_error(stopped(stopping.received.name), as_json=as_json)
    return 128 + stopping.received


def stopped(by: str) -> StoppedError:
    """Return what is said when a signal ended a verb."""
    return StoppedError(
        f"stopped by {by}",
        fix="run it again: it goes on where it was",
        state="what was staged is kept, what was published stays, nothing half done is visible",
    )


def _told(problem: BaseException, *, as_json: bool) -> int:
    if isinstance(problem, WRONG_USE):
        return _wrong_use(problem, as_json=as_json)
    if not isinstance(problem, HeadwaterError):
        traceback.print_exception(problem)  # a bug report needs it
        problem = HeadwaterError(
            f"{type(problem).__name__}: {problem}",
            fix="run `headwater doctor`; if that finds nothing, report this with the lines above",
            state="what was published stays, nothing half done is visible",
        )
    print_error(problem, as_json=as_json)
    return problem.exit_code


def _wrong_use(problem: Any, *, as_json: bool) -> int:
    asks_for_help = type(problem).__name__ == "NoArgsIsHelpError"
    if asks_for_help and not as_json:
        problem.show()
        return ConfigError.exit_code
    program = problem.ctx.command_path if problem.ctx else "headwater"
    if problem.ctx and not as_json:
        sys.stderr.write(problem.ctx.get_usage() + "\n")
    detail = "a command is missing" if asks_for_help else problem.format_message().replace("\n", " ")
    print_error(ConfigError(detail, fix=f"see `{program} --help`"), as_json=as_json)
    return ConfigError.exit_code
