"""OpenLineage: each ingest tells a catalog that it began and how it ended, and no catalog can stop one."""

from __future__ import annotations

import http.server
import json
import threading
import uuid
from typing import Any

import pytest

from flows.stages.featuring import ingest_one
from schemas.errors import HeadwaterError
from schemas.run import Run
from tests.flows.projects import NO_TEXT, Project, page


def ingest(project: Project) -> Run:
    return ingest_one(project.open(), "docs")


def events(project: Project) -> list[dict[str, Any]]:
    lines = (project.root / "lineage" / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def told(project: Project) -> Project:
    project.settings["operations"] = {"open_lineage": "lineage/events.jsonl"}
    project.pages(2)
    return project


def test_a_run_that_publishes_says_what_it_read_and_which_release_it_made(told: Project) -> None:
    ingest(told)

    began, ended = events(told)
    assert (began["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    assert began["run"]["runId"] == ended["run"]["runId"] == str(uuid.UUID(ended["run"]["runId"]))
    assert ended["job"] == {"namespace": "trial", "name": "ingest.docs", "facets": {}}
    assert ended["inputs"][0]["name"] == "docs"
    (output,) = ended["outputs"]
    assert output["facets"]["version"]["datasetVersion"] == "1"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 2
    for event in (began, ended):
        assert {"eventType", "eventTime", "run", "job", "producer", "schemaURL"} <= event.keys()


def test_a_run_that_was_refused_or_failed_says_why(told: Project) -> None:
    told.settings["policy"] = {"min_rejected": 1}
    ingest(told)
    for n in range(2):
        told.write(f"bad{n}.txt", NO_TEXT)
    told.write("p00.md", page(0, costs=7))
    ingest(told)
    told.source("docs", uri="nowhere")
    with pytest.raises(HeadwaterError):
        ingest(told)

    kinds = [event["eventType"] for event in events(told)]
    assert kinds == ["START", "COMPLETE", "START", "FAIL", "START", "FAIL"]
    refused, failed = events(told)[3], events(told)[5]
    assert "in quarantine" in refused["run"]["facets"]["errorMessage"]["message"]
    assert "nowhere" in failed["run"]["facets"]["errorMessage"]["message"]


def test_events_are_posted_to_an_address_and_one_that_does_not_answer_stops_nothing(project: Project) -> None:
    taken: list[dict[str, Any]] = []

    class Catalog(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Catalog)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
    project.settings["operations"] = {"open_lineage": address}
    project.pages(1)
    ingest(project)
    server.shutdown()
    server.server_close()
    thread.join()
    project.pages(2)

    assert [event["eventType"] for event in taken] == ["START", "COMPLETE"]
    assert ingest(project).published
