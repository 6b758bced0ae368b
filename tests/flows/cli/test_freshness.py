"""`headwater freshness`: a line for each source, and under them what stopped the last runs."""

from __future__ import annotations

import json

import pytest

from flows.cli.app import app
from tests.flows.projects import NO_TEXT, Project, page


def test_each_source_has_a_line_and_what_stopped_one_is_told_below(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    project.settings["policy"] = {"min_rejected": 1}
    project.source("letters")
    project.pages(2)
    project.ingest()
    for n in range(2):
        project.write(f"bad{n}.txt", NO_TEXT)
    project.write("p00.md", page(0, costs=7))
    project.ingest()
    given = ["--project", str(project.root / "headwater.yaml")]
    capsys.readouterr()

    app(args=[*given, "freshness"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    app(args=[*given, "--json", "freshness"], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)

    assert [line.split()[:2] for line in lines[1:3]] == [["docs", "refused"], ["letters", "never"]]
    assert lines[3].startswith("docs: source 'docs' was not published")
    assert [(one["source"], one["state"], one["release"]) for one in told] == [
        ("docs", "refused", 1),
        ("letters", "never", None),
    ]
