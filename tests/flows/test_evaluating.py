"""Evaluate: known questions asked through the real retrieval, and what cannot be asked is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.plots import data_uri, figures_png
from flows.stages.evaluating import evaluate
from flows.stages.retrieving import retrieve
from schemas.context import ContextRequest
from schemas.errors import ConfigError, NotFoundError
from schemas.evaluation import EvaluateOptions
from tests.flows.projects import ROWS, Project, page, tickets
from tests.flows.test_gating import STATION
from transforms.choose import RELEVANT


def questions(project: Project, *rows: dict[str, Any]) -> EvaluateOptions:
    path = project.root / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return EvaluateOptions(queries=str(path))


def about(n: int, **more: Any) -> dict[str, Any]:
    expected = {"document": f"p{n:02}.md", "text": f"costs {10 * n} euros", "answer": f"{10 * n} Euros"}
    return {"question": STATION.format(n), "expected": [expected | more]}


def test_figures_of_documents_spans_answers_and_abstaining_come_with_intervals(project: Project) -> None:
    project.pages(8)
    project.ingest()
    nothing = {"question": "Who won the chess game in Oslo?", "answerable": False}
    options = questions(project, about(2), about(5), about(7), nothing)

    found = evaluate(project.open(), options).as_dict()

    assert (found["release"], found["view"], found["queries"], found["left_out"]) == (1, "default", 4, 0)
    assert {"recall@5", "ndcg@10", "mrr@10", "token_recall", "auroc"} <= found["metrics"].keys()
    assert found["metrics"]["token_recall"] == {"value": 1, "low": 1, "high": 1}
    assert found["metrics"]["answer_found"]["value"] == 1
    assert found["metrics"]["balanced_accuracy"]["value"] == 1
    for figure in found["metrics"].values():
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert found == evaluate(project.open(), options).as_dict()


def test_questions_about_what_is_not_there_are_left_out_and_told(project: Project) -> None:
    project.source("hr", acl=["group:hr"])
    project.pages(3)
    project.write("secret.md", page(9), source="hr")
    for source in ("docs", "hr"):
        project.ingest(source)
    secret = {"question": "What does the sensor of station 9 cost?", "expected": {"document": "secret.md"}}
    options = questions(
        project, about(1), about(7), about(2, text="costs nothing"), secret, secret | {"groups": ["hr"]}
    )

    found = evaluate(project.open(), options)

    told = [(lost.id, lost.document, lost.why) for lost in found.evaluation.missing]
    assert told == [
        ("2", "p07.md", "no such document"),
        ("3", "p02.md", "no such text in the document"),
        ("4", "secret.md", "not readable by who asks"),
    ]
    assert (found.evaluation.queries, found.evaluation.left_out) == (3, 2)
    assert found.evaluation.metrics["recall@10"].value == 1
    assert found.as_dict()["missing"]["count"] == 3


@pytest.mark.parametrize("called", ["file:tickets.csv#3", "tickets.csv#3", "docs/tickets.csv#3", "id"])
def test_a_document_is_called_by_its_uri_key_or_id(project: Project, called: str) -> None:
    project.source("docs", **ROWS)
    project.write("tickets.csv", tickets(count=5))
    project.ingest()
    if called == "id":
        called = next(row["document_id"] for row in project.documents() if row["record"] == "3")
    elif called.startswith("file:"):
        called = next(row["uri"] for row in project.documents() if row["record"] == "3")
    row = {"question": "At how many hertz does pump 3 hum?", "expected": {"document": called}}

    found = evaluate(project.open(), questions(project, row))

    assert (found.evaluation.left_out, found.evaluation.metrics["mrr@10"].value) == (0, 1)


def test_two_releases_or_two_views_stand_side_by_side(project: Project) -> None:
    project.settings["context_views"] = {"default": {}, "strict": {"min_score": 1.0}}
    project.pages(4)
    project.ingest()
    project.write("p02.md", page(2, costs=7))
    project.ingest()
    options = questions(project, about(1), about(2, text="costs 7 euros"), about(3))

    releases = evaluate(project.open(), EvaluateOptions(queries=options.queries, against=1))
    views = evaluate(project.open(), EvaluateOptions(queries=options.queries, against_view="strict"))

    assert releases.against is not None
    assert (releases.evaluation.release, releases.against.release) == (2, 1)
    assert [lost.why for lost in releases.against.missing] == ["no such text in the document"]
    assert releases.difference is not None
    assert releases.difference["recall@10"].value == 0
    assert views.difference is not None
    assert views.difference["token_recall"].value == 1
    assert views.difference["recall@10"].value == 0
    assert views.as_dict()["against"]["view"] == "strict"
    assert data_uri(figures_png(views)).startswith("data:image/png;base64,iVBOR")


def test_a_beir_folder_is_asked_by_the_keys_of_its_corpus(project: Project) -> None:
    project.pages(3)
    project.ingest()
    folder = project.root / "beir"
    folder.mkdir()
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": STATION.format(2)}))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tp02.md\t1\n")

    found = evaluate(project.open(), EvaluateOptions(queries=str(folder)))

    assert found.evaluation.metrics["ndcg@10"].value > 0.5


def test_a_threshold_is_fitted_on_one_half_and_reported_on_the_other(project: Project) -> None:
    project.pages(12)
    project.ingest()
    far = ["Who won the chess game in Oslo?", "How do I bake bread?", "When was Mozart born?",
           "What is the capital of Peru?", "Which shoes fit a horse?", "Why do cats purr?"]  # fmt: skip
    rows = [*(about(n) for n in range(12)), *({"question": one, "answerable": False} for one in far)]
    options = questions(project, *rows)

    found = evaluate(project.open(), EvaluateOptions(queries=options.queries, fit_threshold=True)).threshold

    assert found is not None
    assert found["fitted_on"] + found["answerable"] + found["unanswerable"] == 18
    assert 0 < found["threshold"] < 1
    assert found["balanced_accuracy"] > 0.8
    with pytest.raises(ConfigError, match="answerable and unanswerable"):
        evaluate(
            project.open(), EvaluateOptions(queries=questions(project, about(1)).queries, fit_threshold=True)
        )


def test_a_fitted_threshold_holds_from_its_release_on_unless_the_view_has_its_own(
    project: Project,
) -> None:
    project.pages(12)
    project.ingest()
    project.pages(13)
    project.ingest()
    far = ({"question": f"Who composed opera number {n}?", "answerable": False} for n in range(12))
    options = questions(project, *(about(n) for n in range(12)), *far)
    found = evaluate(project.open(), EvaluateOptions(queries=options.queries, release=2, fit_threshold=True))

    def least(release: int) -> float:
        return retrieve(project.open(), ContextRequest(question="Which river?", release=release)).min_score

    assert found.threshold is not None
    assert least(2) == found.threshold["threshold"]
    assert least(1) == RELEVANT
    project.pages(14)
    project.ingest()
    assert least(3) == found.threshold["threshold"]
    project.settings["context_views"] = {"default": {"min_score": 0.2}}
    assert least(3) == 0.2


def test_what_cannot_be_evaluated_says_why(project: Project) -> None:
    project.pages(1)
    project.ingest()

    with pytest.raises(ConfigError, match="no questions to ask"):
        evaluate(project.open(), EvaluateOptions())
    with pytest.raises(NotFoundError, match=r"none of 1 question .* 'p07.md': no such document"):
        evaluate(project.open(), questions(project, about(7)))
    with pytest.raises(NotFoundError, match="no context view"):
        evaluate(project.open(), EvaluateOptions(queries=questions(project, about(0)).queries, view="x"))


def test_on_the_command_line_figures_are_a_table_for_people_and_json_for_scripts(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from flows.cli.app import app

    project.pages(3)
    project.ingest()
    path = questions(project, about(1), about(7)).queries
    file = str(Path(project.root) / "headwater.yaml")

    told = CliRunner().invoke(app, ["--project", file, "evaluate", "--queries", str(path), "--against", "1"])
    asked = CliRunner().invoke(app, ["--project", file, "--json", "evaluate", "--queries", str(path)])

    assert told.exit_code == asked.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].split("  ")[0] == "metric"
    assert "difference" in lines[0]
    assert any(line.startswith("token_recall") and "1.000  (1.000 to 1.000)" in line for line in lines)
    assert "1 question asked, 1 left out" in told.stdout
    assert "p07.md  no such document" in told.stdout
    assert {"release", "queries", "metrics"} <= json.loads(asked.stdout).keys()
    assert capsys.readouterr().err == ""
