"""Every end of the program tells what, which, what is left and what to do; and has its exit code."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from flows.cli.app import _globals_first
from flows.cli.ending import exit_code
from schemas.errors import BusyError
from tests.flows.cli.program import headwater


@pytest.fixture(autouse=True)
def _signals_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def raising(problem: BaseException) -> Callable[[], Any]:
    def verb() -> None:
        raise problem

    return verb


def test_what_nobody_foresaw_keeps_its_traceback_and_gives_scripts_their_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = exit_code(raising(OSError(30, "Read-only file system")), as_json=True)
    told = capsys.readouterr()

    assert code == 1
    assert "Traceback" in told.err
    assert json.loads(told.out)["code"] == "failed"
    assert "Read-only file system" in json.loads(told.out)["detail"]
    assert all(json.loads(told.out).values())


def test_an_error_of_ours_has_its_own_code_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(raising(BusyError("taken", fix="wait")), as_json=False) == 4
    assert capsys.readouterr().err == "busy: taken\n  state: nothing was changed\n  fix:   wait\n"


def test_a_verb_may_end_with_a_code_of_its_own() -> None:
    app = typer.Typer()

    @app.command()
    def verb() -> None:
        raise typer.Exit(3)

    assert exit_code(lambda: app(args=[], standalone_mode=False), as_json=False) == 3


def test_wrong_use_tells_a_person_the_usage_and_the_way_to_the_help(tmp_path: Path) -> None:
    done = headwater(tmp_path, "context")

    assert done.code == 2
    assert done.err.startswith("Usage: headwater context ")
    assert "  fix:   see `headwater context --help`" in done.err
    assert headwater(tmp_path).out.startswith("Usage: headwater") or "Commands:" in headwater(tmp_path).err


def test_global_options_are_not_looked_for_after_two_dashes() -> None:
    assert _globals_first(["ingest", "--json"]) == (["--json"], ["ingest"])
    assert _globals_first(["context", "--", "--json"]) == ([], ["context", "--", "--json"])
    assert _globals_first(["plan", "--project"]) == (["--project"], ["plan"])
