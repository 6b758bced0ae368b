"""The evaluation gate: what answers the known questions too badly is never published, and never seen."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.stages.backfills import backfill_project
from infra.store import releases
from infra.store.releases import is_released
from schemas.backfill import BackfillOptions
from schemas.errors import ConfigError
from tests.flows.projects import Project, page

ROOT = Path(__file__).parents[2]
STATION = "What does the sensor of station {} cost?"


DIES = """
import os, signal, sys
from flows.stages import gating
from flows.stages.ingesting import ingest_source
from flows.workspace import open_workspace

gating._asked = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
ingest_source(open_workspace(sys.argv[1]), "docs")
"""
"""An ingest that dies when all is merged and the first question would be asked."""


def ask_about(project: Project, *stations: int, **policy: Any) -> None:
    """Give the project known questions, and a gate that wants them answered."""
    lines = []
    for n in stations:
        expected = {"document": f"p{n:02}.md", "text": f"costs {10 * n} euros"}
        lines.append(json.dumps({"question": STATION.format(n), "expected": expected}))
    (project.root / "questions.jsonl").write_text("\n".join(lines))
    gate = {"queries": "questions.jsonl", "metric": "token_recall", "min": 0.9} | policy
    project.settings["policy"] = {"evaluation": gate}


def spoil(project: Project) -> None:
    """Change a page, and ask from now on through a view that finds nothing relevant."""
    project.write("p00.md", page(0, costs=7))
    project.settings["context_views"] = {"default": {}, "strict": {"min_score": 1.0}}
    project.settings["policy"]["evaluation"]["view"] = "strict"


def state(project: Project) -> dict[str, Any]:
    """Return what a reader sees, and what the heads of the released tables hold."""
    store, last = project.store, project.release()
    heads = {name: store.open(name) for name in store.names() if is_released(name)}
    return {
        "release": last,
        "rows": {
            name: sorted(table.search().limit(None).to_arrow()[0].to_pylist())
            for name, table in heads.items()
        },
        "tags": {name: sorted(table.tags.list()) for name, table in heads.items()},
    }


def test_a_release_that_passes_says_what_the_gate_measured(project: Project) -> None:
    project.pages(6)
    ask_about(project, 2, 3)

    run = project.ingest().run

    assert (run.state, run.release) == ("published", 1)
    told = run.gates["evaluation"]
    assert (told["metric"], told["min"], told["queries"], told["passed"]) == ("token_recall", 0.9, 2, True)
    assert told["low"] <= told["value"] <= told["high"]
    assert len(told["queries_hash"]) == 64
    last = project.release()
    assert last is not None
    assert last.gates["evaluation"] == told


def test_a_worse_release_is_refused_and_the_last_one_goes_on_serving(project: Project) -> None:
    project.pages(6)
    ask_about(project, 2, 3)
    project.ingest()
    before = state(project)
    spoil(project)

    refused = project.ingest().run

    assert (refused.state, refused.release, refused.published) == ("refused", 1, False)
    assert "token_recall would be 0.000" in (refused.refused or {})["detail"]
    assert (refused.gates["evaluation"]["passed"], refused.gates["evaluation"]["value"]) == (False, 0.0)
    assert state(project) == before
    assert "20 euros" in project.ask(STATION.format(2)).messages[-1].content

    project.settings["policy"] = {}
    after = project.ingest()

    assert (after.run.state, after.run.release, after.embeddings) == ("published", 2, 0)


def test_a_first_release_that_is_refused_leaves_no_table_and_the_next_one_is_whole(project: Project) -> None:
    project.pages(6)
    ask_about(project, 2, metric="token_precision", min=1.0)
    assert project.ingest().run.state == "refused"
    assert (project.release(), [name for name in project.store.names() if is_released(name)]) == (None, [])

    ask_about(project, 2)
    workspace = project.open()

    assert project.ingest().run.release == 1
    assert releases.current(workspace.store) == project.release()
    assert "20 euros" in project.ask(STATION.format(2)).messages[-1].content


def test_questions_about_nothing_that_is_there_do_not_pass_a_release(project: Project) -> None:
    project.pages(2)
    ask_about(project, 7)

    refused = project.ingest().run.refused

    assert refused is not None
    assert "'p07.md': no such document" in refused["detail"]


def test_a_backfill_is_judged_too(project: Project) -> None:
    project.pages(6)
    project.ingest()
    ask_about(project, 2, metric="token_precision", min=1.0)
    project.chunker(64)

    runs = backfill_project(project.open(), None, BackfillOptions(stage="chunk"))

    assert [(run.state, run.release) for run in runs] == [("refused", 1)]
    assert runs[0].gates["evaluation"]["passed"] is False


def test_a_publisher_that_dies_while_a_release_is_judged_was_never_there(project: Project) -> None:
    project.pages(6)
    ask_about(project, 2, 3)
    project.ingest()
    before = state(project)
    spoil(project)

    project.open()
    command = [sys.executable, "-c", DIES, str(project.root / "headwater.yaml")]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr

    during = state(project)
    assert during["release"] == before["release"]
    assert during["rows"] != before["rows"]
    assert "20 euros" in project.ask(STATION.format(2)).messages[-1].content

    assert project.ingest().run.state == "refused"
    assert state(project) == before


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (None, "cannot be read"),
        ("", "has no question"),
        ('{"question": "a?"}\n{"question": "b?", "expects": {}}', "questions.jsonl, line 2: expects"),
    ],
)
def test_questions_that_cannot_be_read_are_a_mistake_in_the_project_file(
    project: Project, content: str | None, detail: str
) -> None:
    project.settings["policy"] = {"evaluation": {"queries": "questions.jsonl", "min": 0.5}}
    if content is not None:
        Path(project.root, "questions.jsonl").write_text(content)

    with pytest.raises(ConfigError, match=r"headwater.yaml, line \d+: policy.evaluation.queries: ") as told:
        project.open()

    assert detail in told.value.detail
    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    ("setting", "detail"),
    [
        ({"metric": "false_abstention"}, "policy.evaluation.metric: 'false_abstention' is not one of"),
        ({"min": 7}, "policy.evaluation.min: 7 is not at most 1"),
        ({"view": "other"}, "policy.evaluation.view: names context view 'other'"),
    ],
)
def test_a_gate_that_makes_no_sense_is_a_mistake_with_its_line(
    project: Project, setting: dict[str, Any], detail: str
) -> None:
    ask_about(project, 2, **setting)

    with pytest.raises(ConfigError) as told:
        project.open()

    assert detail in told.value.detail
