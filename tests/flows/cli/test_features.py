"""Features on the command line: planned, ingested with the sources, listed in quarantine, compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli.app import app

PROJECT = """
project: trial
store: {uri: store}
features:
  customer: {type: csv, uri: customers.csv, entity: id, time: at, acl: [everyone]}
"""
CSV = "id,at,tier\n1,2026-01-01T00:00:00Z,gold\n2,2026-01-01 00:00:00,silver\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "headwater.yaml").write_text(PROJECT)
    (tmp_path / "customers.csv").write_text(CSV)
    return tmp_path / "headwater.yaml"


def told(path: Path, *words: str, code: int = 0) -> Any:
    """Return what a verb prints for scripts."""
    done = CliRunner().invoke(app, ["--project", str(path), "--json", *words])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def said(path: Path, *words: str) -> str:
    """Return what a verb prints for people."""
    return CliRunner().invoke(app, ["--project", str(path), *words]).stdout


def test_a_project_of_features_alone_is_ingested_and_told_in_rows(path: Path) -> None:
    assert "cannot be told without reading it" in said(path, "plan")

    text = said(path, "ingest")

    assert "rows       2 listed: 1 added" in text
    assert "chunks" not in text
    assert told(path, "ingest", "--source", "customer")["state"] == "unchanged"
    assert "1 customer row" in said(path, "release", "list")
    assert told(path, "release", "verify")["whole"]


def test_what_stands_in_quarantine_is_what_the_last_reading_rejected(path: Path) -> None:
    told(path, "ingest")
    told(path, "ingest")
    (row,) = told(path, "quarantine", "list", "--source", "customer")
    assert (row["key"], row["record"], row["reason"]) == ("2", "2026-01-01 00:00:00", "bad_time")

    (path.parent / "customers.csv").write_text(CSV.replace(" 00:00:00,", "T00:00:00Z,"))
    told(path, "ingest")

    assert told(path, "quarantine", "list") == []
    assert len(told(path, "quarantine", "list", "--all")) == 1


def test_releases_are_compared_row_by_row(path: Path) -> None:
    told(path, "ingest")
    (path.parent / "customers.csv").write_text(
        CSV.replace("gold", "blue").replace(" 00:00:00,", "T00:00:00Z,")
    )
    told(path, "ingest")

    changed = {"added": 1, "changed": 1, "removed": 0, "rebuilt": False}
    assert told(path, "release", "diff", "1", "2")["features"] == {"customer": changed}
    assert "rows       customer: 1 added, 1 changed, 0 removed" in said(path, "release", "diff", "1", "2")
