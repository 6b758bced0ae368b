from pathlib import Path

import pytest

from infra.project_file import open_project
from schemas.errors import ConfigError, NotFoundError

HEAD = "project: p\nsources:\n  notes:\n    type: files\n    uri: notes/\n"
OPEN = HEAD + "    acl: [everyone]\n"
ACL = "everyone, group:NAME or user:NAME"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "headwater.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "detail", "fix"),
    [
        ("", "headwater.yaml is empty", "headwater init"),
        ("project: [", "headwater.yaml, line 1: ", "mend the YAML"),
        ("project: p\nstore: {{uri}}\n", "headwater.yaml, line 2: ", "in quotes"),
        ("hello\n", "line 1: 'hello' is not a section", "NAME: VALUE"),
        ("project: Not A Name", "line 1: project: 'Not A Name' is not a name", "use lower-case letters"),
        ("project: p\nsource: {}\n", "line 2: source: unknown setting", "did you mean sources?"),
        (HEAD, "line 3: sources.notes.acl: is missing", ACL),
        (HEAD + "    acls: [everyone]\n", "line 3: sources.notes.acl: is missing", "did you mean acl where"),
        (HEAD + "    acl: everyone\n", "line 6: sources.notes.acl: 'everyone' is not a list", "[everyone]"),
        (HEAD + "    acl: [staff]\n", "line 6: sources.notes.acl.0: 'staff' is not an acl entry", ACL),
        (HEAD + "    acl: []\n", "line 6: sources.notes.acl: the list is empty", ACL),
        (
            OPEN + "    includes: ['*.md']\n",
            "line 7: sources.notes.includes: unknown",
            "did you mean include?",
        ),
        (OPEN.replace("    uri", "    url"), "line 5: sources.notes.url: unknown", "did you mean uri?"),
        (OPEN.replace("    uri: notes/\n", ""), "line 3: sources.notes.uri: is missing", "uri: notes/"),
        (
            OPEN + "    max_bytes: lots\n",
            "line 7: sources.notes.max_bytes: 'lots' is not a whole",
            "such as 8",
        ),
        (OPEN + "    language: no\n", "line 7: sources.notes.language: False is not a text", "in quotes"),
        (
            OPEN + "    records: row\n",
            "line 7: sources.notes.records: 'row' is not one of",
            "'rows', 'file' or 'threads'",
        ),
        (OPEN + "    schedule: {}\n", "line 7: sources.notes.schedule: a schedule has", "every_s: 900"),
        (
            OPEN + "    schedule: {crn: x}\n",
            "line 7: sources.notes.schedule.crn: unknown",
            "did you mean cron?",
        ),
        (HEAD.replace("files", "file"), "line 3: sources.notes.acl: is missing", ACL),
        (
            OPEN.replace("files", "file"),
            "line 4: sources.notes.type: 'file' is neither",
            "did you mean files?",
        ),
        (
            "project: p\nstore: {uri: 's3://a:secret@b'}\n",
            "line 2: store.uri: holds a password in a URL",
            "${VARIABLE}",
        ),
        (
            "project: p\nllm: {base_url: 'http://127.0.0.1/v1', model: m, api_key: sk-1}\n",
            "line 2: llm.api_key: holds the key itself",
            "${VARIABLE}",
        ),
        (
            "project: p\nstore: {uri: '${HEADWATER_NOT_SET}'}\n",
            "line 2: store.uri: needs the environment variable HEADWATER_NOT_SET, which is not set",
            "export HEADWATER_NOT_SET",
        ),
        (
            OPEN + "context_views:\n  v:\n    sources:\n      - notes\n      - note\n",
            "line 11: context_views.v.sources.1: names source 'note', which is not defined",
            "did you mean notes?",
        ),
        (
            OPEN + "datasets:\n  d:\n    type: qa\n    source: other\n",
            "line 10: datasets.d.source: names source 'other', which is not defined",
            "there are: notes",
        ),
        (
            OPEN + "context_views: {v: {budget_token: 5}}\n",
            "line 7: context_views.v.budget_token: unknown setting",
            "did you mean budget_tokens?",
        ),
        (
            OPEN + "context_views: {v: {top_k: 0}}\n",
            "line 7: context_views.v.top_k: 0 is not at least 1",
            "write a number of at least 1",
        ),
        (
            "project: p\nindexes: {default: {embed_text: [title]}}\n",
            "line 2: indexes.default: embed_text must contain 'text'",
            "add text",
        ),
        (
            "project: p\npolicy: {keep: {all: 1 day}}\n",
            "line 2: policy.keep.all: '1 day' is not",
            "write 90s",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_its_line_and_its_fix(
    tmp_path: Path, text: str, detail: str, fix: str
) -> None:
    with pytest.raises(ConfigError) as problem:
        open_project(written(tmp_path, text))

    assert detail in problem.value.detail
    assert fix in problem.value.fix
    assert problem.value.exit_code == 2


def test_a_place_in_an_open_project_is_named_with_its_line(tmp_path: Path) -> None:
    opened = open_project(written(tmp_path, OPEN))

    assert opened.where("sources", "notes", "type") == "headwater.yaml, line 4: sources.notes.type"


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "nope.yaml"

    with pytest.raises(ConfigError) as problem:
        open_project(path)

    assert problem.value.detail == f"the project file '{path}' cannot be read: No such file or directory"


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
