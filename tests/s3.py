"""A server that speaks S3, of a test session's own: moto's, on loopback, gone when the session ends."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BUCKET = "headwater-trial"
START_S = 60.0
RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
NUMBERS = count(1)


@contextmanager
def running(log: Path | None = None) -> Iterator[dict[str, str]]:
    """Run a server with an empty bucket and yield the options that reach it; `log` gets each request.

    It takes a port by itself: one that was free a moment ago may be another server's by now, which would
    answer in its place until its own session ends.
    """
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with (
        TemporaryDirectory() as folder,
        (told := log or Path(folder) / "log").open("w") as said,
        subprocess.Popen(command, stdout=said, stderr=said) as server,
    ):
        try:
            url = _url(told, server)
            _make_bucket(url)
            yield {
                "aws_endpoint": url,
                "allow_http": "true",
                "aws_access_key_id": "trial",
                "aws_secret_access_key": "trial",
                "aws_region": "us-east-1",
            }
        finally:
            server.kill()


def new_store(options: dict[str, str]) -> dict[str, Any]:
    """Return the `store` section of a project file for a store that nobody has used."""
    return {"uri": f"s3://{BUCKET}/store-{next(NUMBERS)}", "storage_options": options}


def _url(told: Path, server: subprocess.Popen[bytes]) -> str:
    """Return where the server says that it listens."""
    deadline = time.monotonic() + START_S
    while (found := RUNNING.search(told.read_text())) is None:
        assert server.poll() is None, f"the S3 server does not start: {told.read_text()[-500:]}"
        assert time.monotonic() < deadline, "the S3 server does not say where it listens"
        time.sleep(0.1)
    return found[1]


def _make_bucket(url: str) -> None:
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=START_S)) as made:
        made.request("PUT", f"/{BUCKET}")
        made.getresponse()
