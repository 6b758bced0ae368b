"""`headwater serve` and `headwater keys` as a person and a service manager meet them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from infra.store.interactions import interactions
from schemas.tools import Embedder
from tests.flows.cli.program import HEADWATER, ROOT, headwater
from tests.flows.projects import Project

ASKED = {"question": "What does the sensor of station 3 cost?"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    project = Project(root=tmp_path_factory.mktemp("project"), embedders=embedders)
    project.pages(4)
    project.ingest()
    return project


@pytest.fixture
def server(project: Project) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [HEADWATER, "serve", "--port", "0"],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate()


def test_it_says_where_it_serves_and_ends_in_order_when_it_is_told_to(
    project: Project, server: subprocess.Popen[str]
) -> None:
    assert server.stdout is not None
    said = re.search(r"serving (http://127\.0\.0\.1:\d+)", server.stdout.readline())
    assert said is not None
    answer = httpx.post(f"{said[1]}/v1/context", json=ASKED, timeout=60)
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=30)

    assert answer.status_code == 200
    assert (server.returncode, out, err) == (0, "stopped\n", "")
    assert interactions(project.store)["context_id"].to_pylist() == [answer.json()["context_id"]]


def test_it_does_not_start_for_others_without_a_key_and_keys_can_be_taken_back(project: Project) -> None:
    refused = headwater(project.root, "serve", "--host", "0.0.0.0", "--port", "0", "--json")  # noqa: S104
    made = headwater(project.root, "keys", "add", "ann", "--as", "user:ann", "--group", "hr")
    revoked = headwater(project.root, "keys", "revoke", "ann", "--json")
    listed = headwater(project.root, "keys", "list", "--json")

    assert (refused.code, json.loads(refused.out)["code"]) == (2, "config")
    assert made.out.startswith("hw_")
    assert revoked.json["revoked_at"] is not None
    [key] = listed.json
    assert (key["name"], key["user"], key["groups"], key["scopes"]) == (
        "ann",
        "ann",
        ["hr"],
        ["feedback", "read"],
    )
