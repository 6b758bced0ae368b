"""A server that speaks S3, of a test session's own: moto's, on loopback, gone when the session ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

from tests.flows.prefect_server import free_port

BUCKET = "headwater-trial"
START_S = 60.0
NUMBERS = count(1)


@contextmanager
def running(log: Path | None = None) -> Iterator[dict[str, str]]:
    """Run a server with an empty bucket and yield the options that reach it; `log` gets each request."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", url.rpartition(":")[2]]
    with (
        (log or Path(os.devnull)).open("w") as said,
        subprocess.Popen(command, stdout=said, stderr=said) as server,
    ):
        try:
            _make_bucket(url, server)
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


def _make_bucket(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with closing(HTTPConnection(url.removeprefix("http://"), timeout=5)) as made:
                made.request("PUT", f"/{BUCKET}")
                made.getresponse()
        except OSError:
            assert server.poll() is None, "the S3 server does not start"
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.1)
        else:
            return
