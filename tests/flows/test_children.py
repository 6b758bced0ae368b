"""The programs that are kept running: what is said when one dies, and what is left when all are stopped."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from flows.children import LOG_BYTES, Child, children
from schemas.errors import UnavailableError

FOREVER = "import time; print('working', flush=True); time.sleep(600)"
SHORT = "import time; time.sleep(.4); raise SystemExit('the disk is full')"


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the block ignores them from then on


def test_one_that_ends_at_once_is_an_error_with_its_last_word(tmp_path: Path) -> None:
    def try_it() -> None:
        with children(tmp_path, print) as mine:
            mine.start("server", "python", "-c", "raise SystemExit('no port')")
            time.sleep(1)
            mine.check()

    with pytest.raises(UnavailableError, match=r"the server ended .*: no port"):
        try_it()


def test_one_that_does_not_stay_up_ends_all_of_them(tmp_path: Path) -> None:
    said: list[str] = []
    started: list[Child] = []

    def try_it() -> None:
        with children(tmp_path, said.append) as mine:
            started.append(mine.start("server", "python", "-c", FOREVER))
            mine.start("worker", "python", "-c", SHORT)
            mine.watch()

    with pytest.raises(UnavailableError, match="the disk is full"):
        try_it()

    assert said == ["the worker ended with status 1; starting it again"] * 3
    assert started[0].status is not None
    assert not psutil.pid_exists(started[0].groups[0])


def test_one_that_is_killed_is_started_again_and_its_log_stays_short(tmp_path: Path) -> None:
    said: list[str] = []
    with children(tmp_path, said.append) as mine:
        child = mine.start("worker", "python", "-c", FOREVER)
        child.log.write_bytes(b"x" * (LOG_BYTES + 1))
        threading.Timer(0.5, psutil.Process(child.groups[0]).kill).start()
        threading.Timer(4, _thread.interrupt_main).start()
        with pytest.raises(KeyboardInterrupt):
            mine.watch()

        assert said == ["the worker ended with status -9; starting it again"]
        assert child.status is None
        assert child.log.stat().st_size < 1_000
    assert child.status is not None
