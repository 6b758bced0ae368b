"""Replay says which contexts would change between two releases, and no others."""

import json

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.replaying import replay
from infra.requests import read_requests
from schemas.context import ContextRequest, Principal
from schemas.errors import ConfigError, NotFoundError
from tests.flows.projects import Project, page
from tests.flows.test_gating import STATION


@pytest.fixture
def edited(project: Project) -> Project:
    """A project in which release 2 changed page 2 alone, and asks for one passage at a time."""
    project.settings["context_views"] = {"default": {"top_k": 1}}
    project.pages(6)
    project.ingest()
    project.write("p02.md", page(2, costs=7))
    project.ingest()
    return project


def test_a_context_changes_where_its_passages_do(edited: Project) -> None:
    asked = [ContextRequest(question=STATION.format(n)) for n in (1, 2, 3)]

    found = replay(edited.open(), asked, release=1)

    assert (found.release, found.against, found.requests) == (1, 2, 3)
    (changed,) = found.changed
    assert changed.question == STATION.format(2)
    assert changed.digest != changed.was_digest
    assert [uri.rpartition("/")[2].removeprefix("file:") for uri in changed.added] == ["p02.md"]
    assert changed.added == changed.removed
    assert replay(edited.open(), asked, release=2).changed == ()


def test_requests_are_asked_as_who_asked_them(edited: Project) -> None:
    edited.source("docs", acl=["group:hr"])
    edited.ingest()
    asked = [
        ContextRequest(question=STATION.format(3), principal=principal)
        for principal in (Principal(), Principal(groups=("hr",)))
    ]

    found = replay(edited.open(), asked, release=3, against=2)

    assert found.changed == ()  # at release 2 too nobody reads any more what was taken from them since


def test_on_the_command_line_requests_come_from_a_file(edited: Project) -> None:
    path = edited.root / "asked.jsonl"
    path.write_text("\n".join(json.dumps({"question": STATION.format(n), "groups": ["hr"]}) for n in (1, 2)))
    file = str(edited.root / "headwater.yaml")
    edited.open()

    told = CliRunner().invoke(app, ["--project", file, "replay", "--requests", str(path), "--release", "1"])
    asked = CliRunner().invoke(
        app, ["--project", file, "--json", "replay", "--requests", str(path), "--release", "1"]
    )

    assert (told.exit_code, asked.exit_code) == (0, 0), told.output
    assert "1 of 2 contexts would not be the same at release 1 as at release 2" in told.stdout
    assert STATION.format(2) in told.stdout
    answer = json.loads(asked.stdout)
    assert (answer["requests"], answer["unchanged"]) == (2, 1)
    assert answer["changed"][0]["principal"] == ["everyone", "group:hr"]


def test_what_cannot_be_replayed_is_named(edited: Project) -> None:
    path = edited.root / "asked.jsonl"
    path.write_text('{"question": "fine?"}\n{"question": ""}')

    with pytest.raises(ConfigError, match=r"asked\.jsonl, line 2: question"):
        list(read_requests(path))
    with pytest.raises(NotFoundError, match="no release 9"):
        replay(edited.open(), [], release=9)
