"""A signal ends a verb wherever it is, with one line for people, one document for scripts, and its code."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.cli.program import HEADWATER, ROOT, Done
from tests.flows.prefect_server import wait_for
from tests.flows.slow_source import LISTING

PROJECT = (
    "project: p\nsources:\n  slow: {type: 'tests.flows.slow_source:open_slow', uri: ., acl: [everyone]}\n"
)
SWALLOWED = """
import signal, sys, time, weakref
from flows.cli.stopping import Stopping

class Thing: pass

stopping = Stopping()
stopping.listen()
thing = Thing()
reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
try:
    del thing
    print("dropped", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("stopped", stopping.received.name)
"""


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Let children hear SIGINT: a shell's background job ignores it, and so does all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(folder: Path, number: int, *arguments: str) -> Done:
    """Send a signal to an ingest that is at its listing."""
    (folder / "headwater.yaml").write_text(PROJECT)
    verb = subprocess.Popen(
        [HEADWATER, "ingest", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (folder / LISTING).exists() or verb.poll() is not None, 120, "the listing")
    verb.send_signal(number)
    out, err = verb.communicate(timeout=60)
    return Done(verb.returncode, out, err)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_what_is_left_and_ends_with_its_code(tmp_path: Path, number: int, code: int) -> None:
    done = interrupted(tmp_path, number, "--json")

    assert done.code == code, done
    assert json.loads(done.out)["code"] == "interrupted"
    assert done.err.startswith(f"interrupted: stopped by {signal.Signals(number).name}\n")
    assert "nothing half done is visible" in done.err
    assert "Traceback" not in done.err


def test_a_signal_that_python_drops_in_a_callback_is_raised_again() -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["dropped", "stopped", "SIGINT"]


def test_a_second_signal_ends_the_program_at_once() -> None:
    stubborn = SWALLOWED.partition("thing = Thing()")[0] + (
        "try:\n    signal.raise_signal(signal.SIGTERM)\n"
        "except KeyboardInterrupt:\n    signal.raise_signal(signal.SIGTERM)\n"
        "print('still here')"
    )
    done = subprocess.run([sys.executable, "-c", stubborn], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (143, "")
    assert "stopped at once" in done.stderr


def test_a_signal_that_the_shell_ignores_stays_ignored() -> None:
    ignoring = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + SWALLOWED.partition("thing")[0]
    )
    ignoring += "signal.raise_signal(signal.SIGINT)\nprint('went on')"
    done = subprocess.run([sys.executable, "-c", ignoring], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "went on"
