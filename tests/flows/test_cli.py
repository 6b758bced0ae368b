"""The command line as a script and a person meet it: real processes, exit codes, JSON on stdout."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.cli.program import headwater


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after `headwater init` and one `headwater ingest`."""
    made = tmp_path_factory.mktemp("project")
    assert headwater(made, "init").code == 0
    assert headwater(made, "ingest").code == 0
    return made


def test_every_verb_has_help_and_help_needs_no_heavy_package(tmp_path: Path) -> None:
    listed = headwater(tmp_path, "--help")
    assert listed.code == 0
    for verb in (
        "init",
        "demo",
        "plan",
        "ingest",
        "context",
        "export",
        "release",
        "quarantine",
        "deploy",
        "up",
        "upgrade",
        "doctor",
    ):
        assert headwater(tmp_path, verb, "--help").code == 0, verb

    heavy = "torch|prefect|lancedb|unstructured|great_expectations|pyarrow|pandas|numpy"
    code = (
        "import sys, re; from flows.cli.app import app; "
        f"print([m for m in sys.modules if re.fullmatch('{heavy}', m)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_says_of_every_verb_what_it_does_within_80_columns(tmp_path: Path) -> None:
    for group in ([], ["release"], ["quarantine"]):
        told = headwater(tmp_path, *group, "--help", environment={"COLUMNS": "80"}).out
        verbs = told.partition("Commands:")[2].strip().splitlines()
        assert len(verbs) > 2, told
        assert [line for line in verbs if line.endswith("...") or len(line) > 80] == []


def test_init_makes_a_project_that_ingests_and_overwrites_nothing(folder: Path) -> None:
    again = headwater(folder, "init")

    assert again.code == 2
    assert "already there" in again.err


def test_the_starter_takes_every_kind_of_file_that_can_be_read(tmp_path: Path) -> None:
    assert headwater(tmp_path, "init").code == 0
    (tmp_path / "notes" / "printers.csv").write_text("id,note\n2,needs toner\n")
    (tmp_path / "notes" / "plan.dwg").write_bytes(b"drawing")

    (plan,) = headwater(tmp_path, "--json", "plan", "--fast").json

    assert plan["items"]["added"] == len(list((tmp_path / "notes").iterdir())) - 1
    assert plan["notes"] == ["1 file matches no pattern of `include`, by ending: 1 .dwg"]


def test_a_second_ingest_has_nothing_to_do_and_prints_one_json_document(folder: Path) -> None:
    done = headwater(folder, "ingest", "--json")

    run = done.json
    assert done.code == 0
    assert (run["state"], run["published"], run["parsed"], run["embedded"]) == ("unchanged", False, 0, 0)
    assert set(run["items"]) == {"listed", "added", "changed", "removed", "unchanged", "quarantined"}
    assert {"total", "list", "fetch", "parse", "chunk", "validate", "embed", "stage", "publish"} <= set(
        run["seconds"]
    )


def test_a_no_op_imports_neither_model_nor_parser_nor_orchestrator(folder: Path) -> None:
    heavy = "torch|openvino|unstructured|great_expectations|prefect|transformers|sentence_transformers"
    code = (
        "import sys, re; from flows.workspace import open_workspace; from flows.running import run_ingest; "
        "from flows.stages.ingesting import IngestOptions; "
        "run = run_ingest(open_workspace('headwater.yaml'), 'notes', IngestOptions()); "
        f"print(run.state, [m for m in sys.modules if re.fullmatch('{heavy}', m)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "unchanged []"


def test_context_cites_the_page_that_answers(folder: Path) -> None:
    found = headwater(folder, "context", "How do I bring the store up to date?", "--json", "--explain").json

    assert found["answerable"]
    assert found["citations"][0]["uri"].endswith("notes/first-steps.md")
    assert found["tokens"]["used"] <= found["tokens"]["budget"] == 2000
    assert [message["role"] for message in found["messages"]] == ["system", "user"]
    assert found["explain"][0]["verdict"] == "kept"


def test_the_same_question_at_the_same_release_has_the_same_digest(folder: Path) -> None:
    one, other = (
        headwater(folder, "context", "Who may read?", "--json", "--release", "1").json for _ in range(2)
    )

    assert one["digest"] == other["digest"]
    assert one["messages"] == other["messages"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ingest", "--source", "mail"], 2, "has no source 'mail'"),
        (["context", "a?", "--release", "99"], 2, "there is no release 99"),
        (["context", "a?", "--view", "other"], 2, "no context view 'other'"),
        (["context", "a?", "--as", "ann"], 2, "user:NAME"),
        (["context", "a?", "--as-of", "2020-01-01T00:00:00Z"], 2, "the oldest is 1"),
        (["context", "a?", "--as-of", "2020-01-01"], 2, "2020-01-01T00:00:00+00:00: the oldest is 1"),
        (["context", "a?", "--as-of", "soon"], 2, "--as-of is 'soon', which is no time"),
        (["context"], 2, "Missing argument"),
        (["digest"], 2, "No such command 'digest'"),
        (["release"], 2, "a command is missing"),
        (["backfill", "--stage", "cook"], 2, "see `headwater backfill --help`"),
        (["context", "   "], 2, "blank"),
        (["context", "a?", "--budget", "64"], 2, "the budget is 64 tokens"),
        (["release", "show", "7"], 2, "there is no release 7"),
        (["release", "show", "golden"], 2, "no release is named 'golden'"),
        (["release", "diff", "1", "7"], 2, "there is no release 7"),
        (["release", "name", "1", "7"], 2, "cannot name a release"),
        (["quarantine", "list", "--source", "mail"], 2, "has no source 'mail'"),
        (["quarantine", "show", "nothing"], 2, "no quarantine entry"),
        (["quarantine", "retry", "nothing"], 2, "no quarantine entry"),
        (["--project", "missing.yaml", "plan"], 2, "missing.yaml' cannot be read: No such file or directory"),
        (["deploy"], 4, "no Prefect API answers"),
    ],
)
def test_an_error_says_what_which_and_what_to_do(
    folder: Path, arguments: list[str], code: int, said: str
) -> None:
    done = headwater(folder, *arguments, "--json")

    assert done.code == code, done
    assert said in done.json["detail"] + done.json["fix"]
    assert set(done.json) == {"code", "detail", "fix", "state"}
    assert "Traceback" not in done.err


def test_a_person_reads_releases_plans_and_the_quarantine_as_text(folder: Path) -> None:
    assert "ingest notes" in headwater(folder, "release", "list").out
    assert "0 added, 0 changed, 0 removed, 3 unchanged" in headwater(folder, "plan").out
    assert headwater(folder, "quarantine", "list").out.strip() == "nothing is in quarantine"
    assert headwater(folder, "upgrade").out.strip() == "the store is up to date: format 1"
    assert "index default ->" in headwater(folder, "release", "show", "1").out


def test_a_rollback_holds_the_next_ingest_with_exit_3_until_resume(tmp_path: Path) -> None:
    assert headwater(tmp_path, "init").code == 0
    assert headwater(tmp_path, "ingest").code == 0
    page = tmp_path / "notes" / "new.md"
    page.write_text("# New\n\nA new page with a sentence in it.\n")
    assert headwater(tmp_path, "ingest").code == 0

    assert headwater(tmp_path, "release", "rollback", "1").code == 0
    assert headwater(tmp_path, "plan", "--fast", "--json").json[0]["refused"]["code"] == "on_hold"
    assert headwater(tmp_path, "backfill", "--dry-run", "--json").json["refused"]["code"] == "on_hold"
    held = headwater(tmp_path, "ingest", "--json")
    assert (held.code, held.json["refused"]["code"]) == (3, "on_hold")
    assert "nothing was on hold" not in headwater(tmp_path, "release", "resume").out
    assert "nothing was on hold" in headwater(tmp_path, "release", "resume").out
    after = headwater(tmp_path, "ingest", "--json").json

    assert (after["state"], after["items"]["added"], after["embedded"]) == ("published", 1, 0)


def test_the_schema_is_json_schema_and_names_every_section(tmp_path: Path) -> None:
    described = headwater(tmp_path, "schema", "--json").json

    assert {"project", "store", "indexes", "sources", "context_views", "datasets", "policy"} <= set(
        described["properties"]
    )
