"""Several sources: each gets its turn and its report, and the exit code is the gravest."""

import json
import shutil

import pytest
import typer

from flows.cli.ingesting import ingest_each, plan_text, run_text
from flows.cli.output import Output
from flows.stages.ingesting import IngestOptions
from flows.stages.planning import SourcePlan
from schemas.errors import HeadwaterError
from schemas.run import ItemCounts, Run
from tests.flows.projects import Project


def test_a_source_that_fails_keeps_no_other_from_its_turn(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.pages(2)
    for name in ("away", "more"):
        project.source(name)
        project.pages(1, source=name)
    shutil.rmtree(project.root / "away")
    out = Output(project=project.root / "headwater.yaml", as_json=True)
    options = dict.fromkeys(["docs", "away", "more"], IngestOptions())

    with pytest.raises(typer.Exit) as ended:
        ingest_each(out, project.open(), options)

    told = capsys.readouterr()
    runs = json.loads(told.out)
    assert [run["state"] for run in runs] == ["published", "failed", "published"]
    assert "does not exist" in runs[1]["refused"]["detail"]
    logged = project.store.scan("runs", where="source = 'away'")["run_id"].to_pylist()
    assert logged == [runs[1]["run_id"]]
    assert "away: failed\n  FAILED     the folder" in told.err
    assert ended.value.exit_code in (1, 4)
    with pytest.raises(HeadwaterError):
        ingest_each(out, project.open(), {"away": IngestOptions()})


def test_a_plan_says_what_would_refuse_the_run() -> None:
    refused = {"code": "refused", "detail": "too few", "state": "nothing was changed", "fix": "look"}
    items = dict.fromkeys(["added", "changed", "removed", "unchanged", "quarantined"], 0)
    plan = SourcePlan(
        source="docs", items=items, parsed=0, chunks=1, texts_to_embed=1, exact=True, seconds=None,
        refused=refused,
    )  # fmt: skip

    first, *rest = plan_text(plan).splitlines()
    assert "1 chunk, 1 text to embed" in first
    assert rest == [
        "  WOULD BE REFUSED too few",
        "  state      nothing was changed",
        "  fix        look",
    ]


def test_a_run_refused_by_its_listing_counts_no_items() -> None:
    refused = {"code": "refused", "detail": "too few", "state": "nothing was changed", "fix": "look"}
    run = Run(
        run_id="r", source="docs", state="refused", release=1, published=False,
        items=ItemCounts(), seconds={"total": 0.1}, refused=refused,
    )  # fmt: skip

    assert run_text(run).splitlines() == [
        "docs: refused in 0.1 s",
        "  REFUSED    too few",
        "  state      nothing was changed",
        "  fix        look",
    ]
