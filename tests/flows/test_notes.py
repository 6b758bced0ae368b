"""What a listing says besides its items reaches whoever plans or ingests."""

from __future__ import annotations

from flows.cli.ingesting import plan_text, run_text
from flows.stages.planning import plan_source
from tests.flows.projects import Project, page

NOTE = "1 file matches no pattern of `include`, by ending: 1 .png"


def test_plan_and_ingest_tell_how_many_files_no_pattern_names(project: Project) -> None:
    project.write("a.md", page(1))
    project.write("chart.png", b"\x89PNG")

    for fast in (True, False):
        plan = plan_source(project.open(), "docs", fast=fast)
        assert plan.as_dict()["notes"] == (NOTE,)
        assert f"\n  note       {NOTE}" in plan_text(plan)

    for state in ("published", "unchanged"):
        run = project.ingest().run
        assert (run.state, run.as_dict()["notes"]) == (state, (NOTE,))
        assert f"\n  note       {NOTE}" in run_text(run)
