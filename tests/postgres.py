"""A PostgreSQL server of a test session's own: a private cluster on loopback, gone when the session ends."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

START_S = 60
NOBODY = "nobody"
"""PostgreSQL refuses to run as root: then its server runs as this user."""


@contextmanager
def running() -> Iterator[str]:
    """Run a private server and yield the url of its database; the test skips where none is installed."""
    programs = installed()
    if programs is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="headwater-postgres-"))
    rows, port = folder / "rows", _free_port()
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories='' -c fsync=off"
    run_as = _owner(folder)
    try:
        _call(
            [programs / "initdb", "-D", rows, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            run_as,
        )
        log = folder / "log"
        _call(
            [programs / "pg_ctl", "-D", rows, "-l", log, "-w", "-t", str(START_S), "-o", options, "start"],
            run_as,
        )
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        with suppress(subprocess.CalledProcessError):
            _call([programs / "pg_ctl", "-D", rows, "-m", "immediate", "stop"], run_as)
        shutil.rmtree(folder, ignore_errors=True)


def installed() -> Path | None:
    """Return the folder of the newest server's programs, or None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    onpath = shutil.which("initdb")
    return found[-1] if found else Path(onpath).parent if onpath else None


def _owner(folder: Path) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam(NOBODY)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _call(command: list[object], run_as: pwd.struct_passwd | None) -> None:
    ids = {"user": run_as.pw_uid, "group": run_as.pw_gid, "extra_groups": []} if run_as else {}
    subprocess.run(
        [str(word) for word in command],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **ids,
    )
