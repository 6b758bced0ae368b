from pathlib import Path

import pytest

from infra.project_file import open_project
from schemas.errors import ConfigError, NotFoundError

HEAD = "project: p\nsources:\n  notes:\n    type: files\n    uri: notes/\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "headwater.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("project: [", "line 1"),
        ("project: Not A Name", "line 1: project: 'Not A Name' is not a name"),
        (HEAD, "line 3: sources.notes.acl: Field required"),
        (HEAD + "    acl: [staff]\n", "line 6: sources.notes.acl.0: 'staff' is not an acl entry"),
        (HEAD + "    acl: []\n", "line 6"),
        (HEAD + "    acl: [everyone]\n    colour: red\n", "line 7: sources.notes.colour: Extra inputs"),
        (HEAD.replace("files", "jira") + "    acl: [everyone]\n", "neither built in"),
        (HEAD + "    acl: [everyone]\nstore: {uri: 's3://a:secret@b'}\n", "holds a password in a URL"),
        (
            HEAD + "    acl: [everyone]\nstore: {uri: '${HEADWATER_NOT_SET}'}\n",
            "HEADWATER_NOT_SET, which is not set",
        ),
        (HEAD + "    acl: [everyone]\ncontext_views: {v: {sources: [other]}}\n", "names source 'other'"),
        ("project: p\nindexes: {default: {embed_text: [title]}}\n", "embed_text must contain 'text'"),
        (
            "project: p\nsources: {a: {type: files, uri: ., acl: [everyone], schedule: {}}}\n",
            "cron or every_s",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as problem:
        open_project(written(tmp_path, text))

    assert said in problem.value.detail
    assert problem.value.fix
    assert problem.value.exit_code == 2


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="headwater init"):
        open_project(tmp_path / "headwater.yaml")


def test_relative_paths_start_at_the_file_and_secrets_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_FOLDER", "deep/store")
    opened = open_project(written(tmp_path, HEAD + "    acl: [everyone]\nstore: {uri: '${STORE_FOLDER}'}\n"))

    assert opened.store_uri == str(tmp_path / "deep" / "store")
    assert opened.source("notes").options["uri"] == "notes/"


def test_two_spellings_of_one_file_have_one_config_hash(tmp_path: Path) -> None:
    one = open_project(written(tmp_path, HEAD + "    acl: [everyone]\n")).config_hash
    other = open_project(
        written(tmp_path, HEAD + "    acl: ['everyone'] # open\n    language: en\n")
    ).config_hash

    assert one == other


def test_an_unknown_source_is_named_with_those_there_are(tmp_path: Path) -> None:
    opened = open_project(written(tmp_path, HEAD + "    acl: [everyone]\n"))

    with pytest.raises(NotFoundError, match=r"no source 'mail' \(it has: notes\)"):
        opened.source("mail")
