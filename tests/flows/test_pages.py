"""What whoever is on call sees of a run in Prefect: pages, a short log, and an end that reads well."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL

from flows.backfill import backfill_in_workspace
from flows.freshness import freshness_in_workspace
from flows.ingest import ingest, ingest_in_workspace
from flows.run_reports import plain
from flows.stages.ingesting import IngestOptions
from schemas.backfill import BackfillOptions
from schemas.errors import SourceError
from tests.flows.own_parsers import PLAIN, SHOUTING
from tests.flows.prefect_server import wait_for
from tests.flows.projects import NO_TEXT, Project, page
from tests.flows.serving.running import running
from tests.flows.test_gating import ask_about
from tests.flows.test_prefect_flows import artifact

pytestmark = pytest.mark.usefixtures("prefect_home")


def run_flow(project: Project) -> Any:
    return ingest_in_workspace(project.open(), "docs", IngestOptions())


def logged(flow_run_id: str, last: str) -> list[str]:
    """Return the lines of a run, when the last one is there: they are sent behind its back."""

    def lines() -> list[str]:
        asked = {"logs": {"flow_run_id": {"any_": [flow_run_id]}}, "sort": "TIMESTAMP_ASC"}
        answer = httpx.post(f"{PREFECT_API_URL.value()}/logs/filter", json=asked)
        found = [str(row["message"]) for row in answer.raise_for_status().json()]
        return found if any(last in line for line in found) else []

    return list(wait_for(lines, 30, last))


def state_of(project: Project) -> Any:
    return ingest(source="docs", project=str(project.root / "headwater.yaml"), return_state=True)


def test_a_page_says_in_a_line_what_changed_and_names_the_documents(project: Project) -> None:
    project.pages(3)
    run_flow(project)
    project.write("p00.md", page(0, costs=7))
    project.write("p01 [new](x).md", page(9))
    project.write("bad.txt", NO_TEXT)
    (project.root / "docs/p02.md").unlink()
    run_flow(project)

    told = artifact("ingest-docs")
    assert told.startswith("# docs: release 2\n")
    assert "**1** added . **1** changed . **1** removed . 1 unchanged . **1 in quarantine** . 0 stale" in told
    assert "- added: " + plain("p01 [new](x).md") in told
    assert "- changed: p00.md (content)" in told
    assert "- removed: p02.md" in told
    assert "| items to parse |" in told
    assert "**Freshness:** fresh" in told
    assert "suite `chunks`: passed" in told
    assert artifact("validation-docs").startswith("# Validation: passed")


def test_where_the_inspector_is_served_a_page_leads_into_it(project: Project) -> None:
    project.source("docs", parsers={"text/markdown": PLAIN})
    project.pages(1)
    with running(project.open()) as server:
        port = int(server.url.rpartition(":")[2])
        project.settings["serve"] = {"port": port}
        run_flow(project)
        project.write("bad.txt", NO_TEXT)
        project.write("p01.md", page(1))
        run_flow(project)
        project.source("docs", parsers={"text/markdown": SHOUTING})
        backfill_in_workspace(project.open(), ["docs"], BackfillOptions())

    told = artifact("ingest-docs")
    assert f"**[1 in quarantine]({server.url}/#quarantine?source=docs)**" in told
    assert f"[Release 1 to 2]({server.url}/#releases?release=2&before=1)" in told
    assert re.search(rf"- added: \[p01.md\]\({server.url}/#documents/\w+\?release=2\)", told)
    made = f"| docs | [release 3]({server.url}/#releases?release=3) | 2 | 2 | 0 | 0 |"
    assert made in artifact("backfill-docs")


def test_a_release_leaves_lineage_and_the_trend_of_retrieval_as_pictures(project: Project) -> None:
    ask_about(project, 1, 2)
    project.pages(3)
    run_flow(project)

    for key in ("lineage", "retrieval"):
        drawn = re.search(r"data:image/png;base64,([\w+/=]+)\)", artifact(key))
        assert drawn is not None
        assert base64.b64decode(drawn[1]).startswith(b"\x89PNG")
    assert "**token_recall 1.000** at release 1, at least 0.9 wanted." in artifact("retrieval")


def test_a_refused_run_looks_refused_and_says_in_a_line_what_is_left_and_what_to_do(project: Project) -> None:
    project.settings["policy"] = {"min_rejected": 1}
    project.pages(2)
    run_flow(project)
    for n in range(2):
        project.write(f"bad{n}.txt", NO_TEXT)
    project.write("p00.md", page(0, costs=7))

    project.open()
    state = state_of(project)

    assert (state.type.value, state.name) == ("FAILED", "Refused")
    assert re.fullmatch(
        r"source 'docs' was not published: .* \| state: .*last release goes on serving \| to do: .*",
        state.message,
    )
    assert "**Refused.**" in artifact("ingest-docs")


def test_a_failed_run_reads_well_and_its_error_still_reaches_the_caller(project: Project) -> None:
    project.source("docs", uri="nowhere")
    project.open()

    state = state_of(project)

    assert (state.type.value, state.name) == ("FAILED", "Failed")
    assert "nowhere" in state.message
    assert " | state: nothing was changed | to do: " in state.message
    told = artifact("ingest-docs")
    assert told.startswith("# docs: failed\n\n**")
    assert "*To do:*" in told
    lines = logged(str(state.state_details.flow_run_id), "Finished in state Failed")
    assert not [line for line in lines if "docs" in line and "Traceback" in line]
    with pytest.raises(SourceError, match="nowhere"):
        run_flow(project)


def test_the_log_has_a_line_for_each_stage_however_many_documents_there_are(project: Project) -> None:
    def lines(count: int) -> list[str]:
        project.pages(count)
        project.open()
        return logged(str(state_of(project).state_details.flow_run_id), "docs: release")

    few, many = lines(2), lines(30)

    assert max(len(few), len(many)) < 20  # a stage that took no time has no line
    assert "docs: release 2; 28 added, 0 changed, 0 removed, 2 unchanged, 0 in quarantine" in many


def test_the_freshness_flow_leaves_a_page_with_what_is_late_first(project: Project) -> None:
    project.source("letters", schedule={"every_s": 60})
    project.pages(2)
    run_flow(project)

    found = freshness_in_workspace(project.open())

    assert [(one.source, one.state) for one in found] == [("docs", "fresh"), ("letters", "never")]
    rows = [line for line in artifact("freshness").splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| letters | **never** |")
    assert rows[2].startswith("| docs | fresh |")
