"""A backfill by hand, as an operator does one: from the form, seen part by part, canceled, gone on with."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.flows.deploying import NOTES, OnServer
from tests.flows.own_parsers import PLAIN, SHOUTING
from tests.flows.prefect_server import ask, wait_for

PAGES = 6
STOPS_S = 15


@pytest.fixture
def reparsed(tmp_path: Path, prefect_api: dict[str, str]) -> OnServer:
    """Six released pages, whose parser has changed since."""
    notes = {**NOTES, "parsers": {"text/markdown": PLAIN}}
    settings = {"project": "redone", "sources": {"notes": notes}}
    project = OnServer(root=tmp_path, env=prefect_api, settings=settings)
    for n in range(PAGES):
        project.write(f"notes/p{n}.md", f"# Station {n}\n\nStation {n} measures the level of river {n}.\n")
    project.headwater("ingest", prefect=False)
    project.settings["sources"] = {"notes": {**NOTES, "parsers": {"text/markdown": SHOUTING}}}
    project.headwater("deploy")
    return project


def parts(project: OnServer, run: str) -> list[dict[str, Any]]:
    """Return the child runs of a run, in the order they were made."""
    body = {"flow_runs": {"parent_flow_run_id": {"any_": [run]}}, "sort": "EXPECTED_START_TIME_ASC"}
    return ask(project.env, "flow_runs/filter", body)


@pytest.mark.timeout(500)
@pytest.mark.usefixtures("worker")
def test_a_backfill_from_the_form_is_planned_seen_canceled_and_gone_on_with(reparsed: OnServer) -> None:
    chosen = {"stage": "parse", "match": "p*.md", "partition_items": 2}

    planned = reparsed.ended(reparsed.run("ingest/redone-notes", backfill=chosen, dry_run=True))

    assert (planned["state_type"], planned["name"]) == ("COMPLETED", "backfill-notes")
    assert f"| notes | parse | {PAGES} | {PAGES} | 3 |" in reparsed.artifact("plan-notes")
    assert len(reparsed.headwater("release", "list")) == 1

    run = reparsed.run("ingest/redone-notes", backfill={**chosen, "items_per_minute": 12})
    wait_for(lambda: len(parts(reparsed, run)) == 2, 120, "the second part")
    asked_at = time.monotonic()
    cancel = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    reparsed.post(f"flow_runs/{run}/set_state", cancel).raise_for_status()
    stopped = reparsed.ended(run)

    assert stopped["state_type"] == "CANCELLED"
    assert time.monotonic() - asked_at < STOPS_S
    made = reparsed.headwater("release", "list")
    assert len(made) == 2
    reparsed.headwater("release", "verify")

    again = reparsed.ended(reparsed.run("ingest/redone-notes", backfill=chosen))

    assert again["state_type"] == "COMPLETED"
    names = [f"partition {n} of 3 of notes" for n in (2, 3)]
    made = [(part["name"], part["idempotency_key"]) for part in parts(reparsed, again["id"])]
    assert made == [(name, f"{again['id']} {name}") for name in names]
    assert "| notes | release 4 | 2 | 2 |" in reparsed.artifact("backfill-notes")
    assert reparsed.headwater("ingest", prefect=False)["state"] == "unchanged"
