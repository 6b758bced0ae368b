"""A store that cannot be written: every verb that writes says so, with no traceback."""

import json
from pathlib import Path

import pytest

from flows.stages.dataset_place import unfinished
from schemas.errors import ConfigError
from tests.flows.cli.program import headwater

PROJECT = """
project: p
store: {uri: file/store}
sources:
  notes: {type: files, uri: notes, acl: [everyone]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("unwritable")
    (made / "file").write_text("no folder")
    (made / "notes").mkdir()
    (made / "headwater.yaml").write_text(PROJECT)
    return made


@pytest.mark.parametrize("verb", [["ingest"], ["maintain"], ["release", "resume"]])
def test_a_verb_that_writes_says_that_it_cannot_and_what_to_do(folder: Path, verb: list[str]) -> None:
    done = headwater(folder, *verb, "--json")

    assert done.code == 1, done
    told = json.loads(done.out)
    assert told["code"] == "store"
    assert "cannot be written: Not a directory" in told["detail"]
    assert "headwater doctor" in told["fix"]
    assert "Traceback" not in done.err


def test_an_export_to_a_place_that_cannot_be_written_says_so(folder: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"cannot be written: Not a directory.*--out"),
        unfinished(folder / "file" / "out" / "1"),
    ):
        pass


def test_the_doctor_finds_the_file_that_is_in_the_way(folder: Path) -> None:
    done = headwater(folder, "doctor")

    assert done.code == 1
    assert f"{folder / 'file'} is no folder" in done.out
