"""The store of the first format, kept as it was written: every later version must open it and go on with it.

`python -m tests.fixtures.make_store` made it; its two releases are a harbor's notes, one file of them torn.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.diffing import diff
from flows.stages.quarantining import in_quarantine
from flows.workspace import Workspace, open_workspace
from infra.store import releases
from infra.store.upgrade import format_of, upgrade
from infra.store.verify import verify
from schemas.document import DOCUMENT
from schemas.release import STORE_FORMAT
from schemas.tools import Embedder
from tests.flows.projects import Project

FIXTURE = Path(__file__).parents[1] / "fixtures" / "store-format-1.tar.gz"
FERRY = "When does the ferry leave?"
MAX_BYTES = 300_000


class Harbor(Project):
    """The project of the fixture: its file is left as it was written."""

    def __post_init__(self) -> None:
        self.settings = {"store": {"uri": "store"}}

    def open(self) -> Workspace:
        """Open the project file as it was written."""
        return open_workspace(self.root / "headwater.yaml", _embedders=self.embedders)

    def cli(self, *arguments: str) -> str:
        answer = CliRunner().invoke(app, ["--project", str(self.root / "headwater.yaml"), *arguments])
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    def says(self, question: str, *groups: str, release: int | None = None) -> str:
        return self.ask(question, *groups, release=release).messages[-1].content


@pytest.fixture
def harbor(tmp_path: Path, embedders: dict[str, Embedder]) -> Harbor:
    with tarfile.open(FIXTURE) as packed:
        packed.extractall(tmp_path, filter="data")
    return Harbor(root=tmp_path, embedders=embedders)


def test_the_first_format_is_as_small_as_it_was() -> None:
    assert FIXTURE.stat().st_size < MAX_BYTES


def test_what_the_first_format_holds_is_listed_whole_and_told_apart(harbor: Harbor) -> None:
    listed = json.loads(harbor.cli("--json", "release", "list"))
    store = harbor.store
    first, second = releases.releases(store)

    assert [(r["release"], r["name"], r["state"]) for r in listed] == [
        (1, "first", "open"),
        (2, None, "open"),
    ]
    assert verify(store, first) == verify(store, second) == []
    found = diff(store, releases.named(store, "first"), second).documents
    assert [row["key"] for row in found.added] == ["tide.md"]
    assert [row["key"] for row in found.removed] == ["crane.txt"]
    assert [(row["key"], row["what"]) for row in found.changed] == [("ferry.md", ["content"])]
    assert [(row["key"], row["reason"]) for row in in_quarantine(harbor.open(), None)] == [
        ("torn.txt", "bad_encoding")
    ]


def test_the_first_format_is_searched_at_every_release_by_those_who_may(harbor: Harbor) -> None:
    berth = "Which berth is closed for dredging?"

    assert "leaves the north pier at one o'clock" in harbor.says(FERRY)
    assert "leaves the north pier at noon" in harbor.says(FERRY, release=1)
    assert "until May" in harbor.says(berth, "crew")
    assert "until May" not in harbor.says(berth)


def test_a_dry_run_lists_every_step_from_the_first_format_and_the_upgrade_does_them(harbor: Harbor) -> None:
    told = json.loads(harbor.cli("--json", "upgrade", "--dry-run"))

    assert (told["format"], told["newest"], told["done"]) == (1, STORE_FORMAT, False)
    assert [step["from"] for step in told["steps"]] == list(range(1, STORE_FORMAT))
    assert format_of(harbor.store) == 1

    upgrade(harbor.store)

    assert format_of(harbor.store) == STORE_FORMAT
    assert "up to date" in harbor.cli("upgrade", "--dry-run")


def test_an_edit_is_ingested_on_top_of_the_first_format_and_rolled_back(harbor: Harbor) -> None:
    upgrade(harbor.store)
    before = harbor.release()
    harbor.write("ferry.md", "# The ferry\n\nThe ferry leaves the south pier at dawn.\n", source="notes")

    run = harbor.ingest("notes", allow_rebuild=True).run

    assert before is not None
    assert (run.state, run.release, run.items.quarantined) == ("published", before.release + 1, 1)
    assert "south pier at dawn" in harbor.says(FERRY)

    columns = harbor.store.open("documents").schema.names
    assert columns == DOCUMENT.names  # gained with the first publish, and lost with the old version

    back = json.loads(harbor.cli("--json", "release", "rollback", "first"))

    assert (back["kind"], back["state"], back["release"]) == ("rollback", "hold", before.release + 2)
    assert verify(harbor.store, releases.get(harbor.store, back["release"])) == []
    assert "north pier at noon" in harbor.says(FERRY)
    assert "old crane" in harbor.says("What does the old crane lift?")

    harbor.cli("release", "resume")
    again = harbor.ingest("notes", allow_rebuild=True).run
    assert (again.state, harbor.store.open("documents").schema.names) == ("published", DOCUMENT.names)
