"""A forked run is a program of its own: with its caller's environment, folder and outputs, and it yields."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.work.forking import YIELDS
from flows.work.worker import CLIENT
from tests.flows.prefect_server import wait_for

WARM = """
import sys
from types import SimpleNamespace
from flows.work import forking

forking.prepare = lambda: None
forking.import_module = lambda _: SimpleNamespace(
    __file__=sys.argv[2], refresh_global_settings_context=lambda: None
)
forking.main(sys.argv[1])
"""
"""The warm program, with another engine than Prefect's."""
ENGINE = """
import os, sys

print(os.environ["WHO"], os.getcwd(), os.nice(0))
sys.exit(3)
"""


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[Path]:
    """The socket of a warm program."""
    at, engine = tmp_path / "fork", tmp_path / "engine.py"
    engine.write_text(ENGINE)
    command = [sys.executable, "-c", WARM, str(at), str(engine)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
        wait_for(at.exists, 60, "the warm program answers")
        yield at
        assert program.stdin is not None
        program.stdin.close()
        assert program.wait(10) == 0


def test_a_run_has_its_callers_environment_folder_and_outputs_and_yields_to_what_answers(
    warm: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(CLIENT), str(warm)],
        cwd=tmp_path / "elsewhere",
        env={"WHO": "me", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == ["me", str(tmp_path / "elsewhere"), str(min(19, os.nice(0) + YIELDS))]
    assert done.returncode == 3
