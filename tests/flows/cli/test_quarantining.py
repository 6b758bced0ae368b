"""The quarantine on the command line: when, what, why, and what to do next."""

import pytest

from flows.cli.app import app
from flows.cli.quarantining import NEXT
from tests.flows.projects import NO_TEXT, Project


def test_the_list_says_when_and_ends_with_what_to_do_and_an_entry_has_no_empty_fields(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.settings["policy"] = {"max_rejected_share": 1.0}
    project.pages(1)
    project.write("bad.md", NO_TEXT)
    project.ingest()
    capsys.readouterr()
    given = ["--project", str(project.root / "headwater.yaml"), "quarantine"]

    app(args=[*given, "list"], standalone_mode=False)
    head, line, last = capsys.readouterr().out.splitlines()
    app(args=[*given, "show", line.split()[0]], standalone_mode=False)
    shown = capsys.readouterr().out

    row = project.store.scan("quarantine").to_pylist()[0]
    assert head.split()[:4] == ["id", "at", "source", "item"]
    assert line.split()[:5] == [
        row["quarantine_id"],
        *f"{row['at']:%Y-%m-%d %H:%M:%S}".split(),
        "docs",
        "bad.md",
    ]
    assert last == NEXT
    assert row["record"] is None
    assert "record" not in [field.split()[0] for field in shown.splitlines()]
    assert not [field for field in shown.splitlines() if field.endswith("None")]
