"""A language model writes for a dataset: estimated before, paid once, to the same bytes."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from flows.stages.exporting import export
from flows.stages.writing import WORKERS, estimate_of
from schemas.dataset import Export
from schemas.errors import ConfigError, RefusedError
from schemas.tools import Embedder
from tests.flows.cli.program import HEADWATER, headwater
from tests.flows.exported import contents
from tests.flows.projects import Project
from tests.llm_server import Failure, LlmServer

NAMES = ("Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir")
PAGES = len(NAMES)
DATASETS: dict[str, dict[str, Any]] = {
    "written": {"type": "qa", "by": "model", "splits": {"train": 1, "validation": 0, "test": 0}},
    "dear": {"type": "qa", "by": "model", "limit_tokens": 100},
    "costly": {"type": "qa", "by": "model", "limit_cost": 0.0001},
    "ruled": {"type": "qa"},
}


def page(name: str, costs: int) -> str:
    """Return a page of a station by its name: questions that differ in a number alone count as repeats."""
    return (
        f"# Station {name}\n\nStation {name} measures its river.\n\nThe {name} sensor costs {costs} euros.\n"
    )


def write(messages: list[dict[str, Any]]) -> str:
    """Answer about a page of the project with what it says of its sensor."""
    quote = messages[-1]["content"].partition("Passage:\n\n")[2]
    evidence = next((line for line in quote.splitlines() if "sensor costs" in line), "")
    station = evidence.partition(" sensor costs")[0].removeprefix("The ")
    row = {
        "question": f"What does the {station} sensor cost?",
        "answer": evidence,
        "evidence": evidence,
    }
    return json.dumps([row])


@pytest.fixture
def shelf(tmp_path: Path, embedders: dict[str, Embedder], llm_server: LlmServer) -> Project:
    llm_server.write = write
    prices = {"price_per_million": [1.0, 2.0]}
    settings = {"datasets": DATASETS, "llm": llm_server.settings(**prices)}
    project = Project(root=tmp_path / "project", embedders=embedders, settings=settings)
    for n, name in enumerate(NAMES):
        project.write(f"p{n:02}.md", page(name, 10 * n))
    assert project.ingest().run.published
    return project


def train(written: Export) -> list[dict[str, Any]]:
    lines = (Path(written.out) / "train.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_cost_is_known_before_the_first_call_and_a_limit_refuses_it(
    shelf: Project, llm_server: LlmServer
) -> None:
    found = estimate_of(shelf.open(), "written")
    assert (found.calls, found.cached, found.model) == (PAGES, 0, "scripted")
    assert found.completion_tokens == PAGES * 1024
    assert found.cost == round((found.prompt_tokens + 2 * found.completion_tokens) / 1e6, 4)
    for name in ("dear", "costly"):
        with pytest.raises(RefusedError, match=f"{PAGES} calls") as refusal:
            export(shelf.open(), name)
        assert refusal.value.exit_code == 3
    with pytest.raises(ConfigError, match="no language model"):
        estimate_of(shelf.open(), "ruled")
    assert not llm_server.asked


def test_an_answer_is_paid_for_once_and_gives_the_same_bytes_again(
    shelf: Project, llm_server: LlmServer, tmp_path: Path
) -> None:
    first = export(shelf.open(), "written", out=tmp_path / "one")
    assert len(llm_server.asked) == PAGES
    assert first.splits["train"] == PAGES
    assert all("sensor costs" in row["messages"][-1]["content"] for row in train(first))
    llm_server.write = lambda _: "another mood"
    again = export(shelf.open(), "written", out=tmp_path / "two")
    assert len(llm_server.asked) == PAGES
    assert contents(again.out) == contents(first.out)
    pins = json.loads(Path(first.manifest).read_text("utf-8"))["pins"]
    assert pins["model"] == "scripted"
    with pytest.raises(RefusedError, match="not those of the manifest"):
        export(shelf.open(), "written", pins=pins | {"answers": "0" * 64})

    shelf.write("p00.md", page(NAMES[0], 77))
    assert shelf.ingest().run.published
    llm_server.write = write
    export(shelf.open(), "written")
    assert len(llm_server.asked) == PAGES + 1  # the page that changed, and no other


def test_what_was_answered_before_a_failure_is_kept(shelf: Project, llm_server: LlmServer) -> None:
    llm_server.failures.extend([Failure(status=400)])
    with pytest.raises(ConfigError):
        export(shelf.open(), "written")
    assert not list((shelf.root / "datasets").rglob("*.jsonl"))
    kept = estimate_of(shelf.open(), "written").cached
    before = len(llm_server.asked)
    written = export(shelf.open(), "written")
    assert len(llm_server.asked) - before == PAGES - kept
    assert written.splits["train"] == PAGES


def test_the_command_line_tells_the_estimate_and_neither_asks_nor_writes(
    shelf: Project, llm_server: LlmServer
) -> None:
    shelf.open()
    told = headwater(shelf.root, "--json", "export", "written", "--estimate")
    assert told.code == 0
    assert told.json == estimate_of(shelf.open(), "written").as_dict()
    assert told.json["calls"] == PAGES
    refused = headwater(shelf.root, "--json", "export", "ruled", "--estimate")
    assert (refused.code, refused.json["code"]) == (2, "config")
    assert not llm_server.asked
    assert not (shelf.root / "datasets").exists()


@pytest.mark.gate
def test_an_export_that_is_killed_goes_on_without_paying_twice_to_the_same_bytes(
    shelf: Project, llm_server: LlmServer, tmp_path: Path
) -> None:
    for n, (name, place) in enumerate(product(NAMES, ("Brook", "Creek", "Lake", "Mill"))):
        shelf.write(f"p{n:02}.md", page(f"{name} {place}", 10 * n))
    shelf.ingest()
    shelf.open()
    undisturbed = replace(shelf, root=tmp_path / "undisturbed")
    copytree(shelf.root, undisturbed.root, dirs_exist_ok=True)
    llm_server.pause_s = 0.4
    running = subprocess.Popen(
        [HEADWATER, "export", "written"], cwd=shelf.root, stdout=subprocess.DEVNULL, start_new_session=True
    )
    until = time.monotonic() + 120
    while len(llm_server.asked) < 10 and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    llm_server.pause_s = 0.0
    first = [asked.body for asked in llm_server.asked]
    kept = estimate_of(shelf.open(), "written").cached
    assert len(first) - WORKERS <= kept < len(first) < 24  # what was in flight is lost

    resumed = export(shelf.open(), "written")
    then = [asked.body for asked in llm_server.asked[len(first) :]]
    assert resumed.splits["train"] == 24
    assert len(then) == len({*then}) == 24 - kept
    assert len({*first, *then}) == 24
    assert len({*first} & {*then}) == len(first) - kept

    calm = export(undisturbed.open(), "written")
    assert len(llm_server.asked) == len(first) + len(then) + 24
    assert contents(calm.out) == contents(resumed.out)
