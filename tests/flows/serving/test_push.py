"""Documents that are pushed: kept before they are accepted, released in batches, deleted by name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.stages.ingesting import IngestOptions, ingest_source
from infra.store import releases
from infra.store.pushed import collect_originals
from tests.flows.projects import NO_TEXT, Project
from tests.flows.serving.running import Running, running

QUESTION = "What does the sensor of station 3 cost?"
HEADWATER = str(Path(sys.executable).parent / "headwater")
WAIT_S = 60.0


def text(n: int) -> str:
    return f"Station {n} measures the level of river {n}. Its sensor of station {n} costs {10 * n} euros."


@pytest.fixture
def inbox(project: Project) -> Project:
    project.settings["sources"] = {
        "inbox": {"type": "push", "acl": ["everyone"]},
        "notes": {"type": "files", "uri": "notes/", "acl": ["everyone"]},
    }
    project.settings["context_views"] = {"all": {}, "others": {"sources": ["notes"]}}
    project.settings["policy"] = {"max_rejected_share": 0.9}
    return project


@pytest.fixture
def served(inbox: Project) -> Iterator[Running]:
    with running(inbox.open()) as server:
        yield server


def upsert(client: httpx.Client, *documents: dict[str, Any]) -> str:
    answer = client.post("/upsert", json={"documents": list(documents)})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])


def ended(client: httpx.Client, run_id: str) -> Any:
    """Wait for a run that was promised, and return how it ended."""
    deadline = time.monotonic() + WAIT_S
    while (found := client.get(f"/v1/runs/{run_id}").json())["state"] == "pending":
        assert time.monotonic() < deadline, "no run took it up"
        time.sleep(0.1)
    return found


def test_what_is_pushed_within_seconds_is_one_release_and_deletes_go_with_the_next(
    inbox: Project, served: Running
) -> None:
    client = served.client
    promised = [upsert(client, {"id": f"d{n}", "text": text(n)}) for n in range(6)]
    page = f"# Station 7\n\n{text(7)}\n".encode()
    filed = client.post(
        "/upsert-file",
        files={"file": ("p07.md", page)},
        data={"metadata": json.dumps({"url": "https://acme.test/7", "created_at": "2026-01-02T03:04:05Z"})},
    ).json()

    runs = list(dict.fromkeys([*promised, filed["run_id"]]))
    done = [ended(client, run_id) for run_id in runs]
    assert {run["state"] for run in done} == {"published"}
    added = {run["release"]: run["items"]["added"] for run in done}  # a run may take up two promises
    assert sum(added.values()) == 7
    assert len(releases.releases(inbox.store)) == len(added) < 7  # one, where the machine is not busy
    [answer] = client.post("/query", json={"queries": [{"query": QUESTION, "top_k": 2}]}).json()["results"]
    assert "30 euros" in answer["results"][0]["text"]
    asked = {"queries": [{"query": QUESTION}]}
    [elsewhere] = client.post("/query?view=others", json=asked).json()["results"]
    assert elsewhere["results"] == []
    assert client.post("/query?view=nowhere", json=asked).status_code == 404
    assert len(answer["results"]) <= 2
    row = next(row for row in inbox.documents() if row["key"] == "p07.md")
    assert (row["uri"], row["source_at"].isoformat()) == ("https://acme.test/7", "2026-01-02T03:04:05+00:00")

    gone = client.post("/delete", json={"ids": ["d3", "nothing"]}).json()
    assert gone["success"]
    assert ended(client, gone["run_id"])["items"]["removed"] == 1
    assert inbox.live("inbox") == {"d0.txt", "d1.txt", "d2.txt", "d4.txt", "d5.txt", "p07.md"}
    assert collect_originals(inbox.store) == 1

    everything = client.post("/delete", json={"delete_all": True}).json()
    ended(client, everything["run_id"])
    assert inbox.live("inbox") == set()


def test_the_same_document_again_costs_nothing_and_one_that_cannot_be_read_is_quarantined(
    inbox: Project, served: Running
) -> None:
    client = served.client
    first = ended(client, upsert(client, {"id": "a", "text": text(1)}, {"id": "b", "text": text(2)}))
    again = ended(client, upsert(client, {"id": "a", "text": text(1)}))
    changed = client.post("/upsert-file", files={"file": ("c.md", NO_TEXT)}).json()
    rejected = ended(client, changed["run_id"])

    assert (first["state"], again["state"]) == ("published", "unchanged")
    assert rejected["items"]["quarantined"] == 1
    assert "c.md" in inbox.quarantined()
    assert inbox.live("inbox") == {"a.txt", "b.txt"}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/upsert", {"documents": []}, "documents"),
        ("/upsert?source=other", {"documents": [{"text": "t"}]}, "takes nothing that is pushed"),
        ("/delete", {}, "nothing says what to delete"),
        ("/delete", {"filter": {"author": "ann"}}, "only document_id and source_id"),
        (
            "/query",
            {"queries": [{"query": "q", "filter": {"author": "ann"}}]},
            "only start_date and end_date",
        ),
    ],
)
def test_what_cannot_be_kept_to_is_refused(served: Running, path: str, body: Any, says: str) -> None:
    answer = served.client.post(path, json=body)

    assert answer.status_code in (400, 422)
    assert says in answer.json()["detail"]


def test_what_was_accepted_survives_a_kill_before_its_release(inbox: Project) -> None:
    inbox.open()
    path = inbox.root / "headwater.yaml"
    first = _Process(path)
    with httpx.Client(base_url=first.url, timeout=60) as client:
        promised = upsert(client, *({"id": f"d{n}", "text": text(n)} for n in range(4)))
        first.kill()  # with nothing but the answer given
    assert releases.current(inbox.store) is None

    second = _Process(path)
    with httpx.Client(base_url=second.url, timeout=60) as client:
        done = ended(client, promised)
        second.kill()

    assert (done["run_id"], done["state"], done["items"]["added"]) == (promised, "published", 4)
    assert inbox.live("inbox") == {f"d{n}.txt" for n in range(4)}


def test_what_was_pushed_is_parsed_again_from_its_bytes(inbox: Project) -> None:
    with running(inbox.open()) as server:
        ended(server.client, upsert(server.client, {"id": "a.md", "text": f"# Pumps\n\n{text(1)}\n"}))
    workspace = inbox.open()

    run = ingest_source(workspace, "inbox", IngestOptions(retry=frozenset({"a.md"})))

    assert (run.state, run.parsed) == ("unchanged", 1)


class _Process:
    """`headwater serve` as a process of its own."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [HEADWATER, "--project", str(path), "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self.url = next(word for word in line.split() if word.startswith("http"))
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/healthz")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the server did not answer")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
