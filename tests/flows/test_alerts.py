"""What is told to whoever is on call: by a webhook, by mail, and by a real Prefect server."""

import json
import os
import signal
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.flows.deploying import NOTES, OnServer
from tests.flows.prefect_server import ask, wait_for

SLOW = {"type": "tests.flows.slow_source:open_slow", "acl": ["everyone"]}


@pytest.fixture
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook on loopback, and what it was told."""
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/alerts", heard
        server.shutdown()


@pytest.fixture
def mailed() -> Iterator[tuple[str, list[str]]]:
    """A mail server on loopback, and what it was sent."""
    sent: list[str] = []

    class Smtp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    sent.append(b"".join(lines).decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                if word == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        yield f"mailto://127.0.0.1:{port}/?from=headwater@example.test&to=ops@example.test", sent
        server.shutdown()


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("worker")
def test_a_refused_gate_too_much_quarantine_and_a_killed_run_are_told(
    tmp_path: Path, prefect_api: dict[str, str], told: tuple[str, list[dict[str, Any]]]
) -> None:
    address, heard = told
    project = OnServer(
        root=tmp_path,
        env=prefect_api,
        settings={
            "project": "told",
            "sources": {"notes": NOTES, "slow": {**SLOW, "uri": "slow/"}},
            "policy": {"min_rejected": 0},
            "operations": {"alerts": {"to": address}},
        },
    )
    project.write("notes/a.md", "# Level\n\nThe river is low today.\n")
    project.write("notes/b.pdf", "no pdf")
    project.write("slow/a.md", "# Slow\n\nIt takes its time.\n")
    project.headwater("deploy")

    refused = project.ended(project.run("ingest/told-notes"))
    slow = project.run("ingest/told-slow")
    project.started(slow)
    os.kill(program_of(slow), signal.SIGKILL)
    crashed = project.ended(slow)

    assert (refused["state_type"], refused["state_name"]) == ("FAILED", "Refused")
    assert crashed["state_type"] == "CRASHED"
    kinds = {"refused", "quarantine", "crashed"}
    wait_for(lambda: {one["alert"] for one in heard} >= kinds, 60, f"alerts besides {heard}")
    by = {one["alert"]: one for one in heard}
    assert "rejected" in by["refused"]["text"]
    assert by["refused"]["run"] == "ingest-notes"
    assert refused["id"] in by["refused"]["url"]
    assert by["quarantine"]["resource"] == "headwater.source.told.notes"
    assert by["crashed"]["run"] == "ingest-slow"

    project.settings["operations"] = {"alerts": {"to": address, "on": ["freshness"]}}
    project.headwater("deploy")
    names = [one["name"] for one in ask(prefect_api, "automations/filter", {})]
    assert [name for name in names if name.startswith("headwater told: ")] == ["headwater told: freshness"]
    assert sorted(name for name in names if "watchdog" in name) == [
        "headwater watchdog: heartbeat",
        "headwater watchdog: never started",
    ]


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("worker")
def test_alerts_go_by_mail_where_the_address_is_one(
    tmp_path: Path, prefect_api: dict[str, str], mailed: tuple[str, list[str]]
) -> None:
    address, sent = mailed
    project = OnServer(
        root=tmp_path,
        env=prefect_api,
        settings={
            "project": "mailed",
            "sources": {"notes": NOTES},
            "policy": {"min_rejected": 0},
            "operations": {"alerts": {"to": address, "on": ["refused"]}},
        },
    )
    project.write("notes/b.pdf", "no pdf")
    project.headwater("deploy")

    project.ended(project.run("ingest/mailed-notes"))

    (mail,) = wait_for(lambda: sent, 60, "a mail")
    assert "ops@example.test" in mail
    assert "a gate refused to publish" in mail


def program_of(run: str) -> int:
    """Return the process that a flow run is in: the one that stands in for it at the worker."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environ = (entry / "environ").read_bytes()
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"PREFECT__FLOW_RUN_ID={run}".encode() in environ and any(b"fork_client" in w for w in words):
            return int(entry.name)
    raise AssertionError(f"no program runs {run}")
