"""The freshness flow: how far each source is behind, as a page in the UI, and an event for each late one."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.events import emit_event

from flows.inspector_links import inspector_url
from flows.run_reports import freshness_report
from flows.stages.freshness import freshness as judge
from flows.workspace import Workspace, open_workspace
from schemas.freshness import Freshness
from schemas.operations import FRESHNESS_PASSED

LATE = ("overdue", "old")


@flow(name="freshness", flow_run_name="freshness", persist_result=False)
def freshness(project: str = "headwater.yaml") -> list[Freshness]:
    """Say of each source when it last changed, was looked at and released, and whether that is too long ago.

    Args:
        project: The project file.
    """
    workspace = open_workspace(project)
    found = judge(workspace)
    page = freshness_report(found, inspector_url(workspace))
    create_markdown_artifact(key="freshness", markdown=page, description="How fresh each source is")
    for one in found:
        if one.state in LATE:
            _tell(workspace, one)
    return found


def freshness_in_workspace(workspace: Workspace) -> list[Freshness]:
    """Run the flow for an open workspace and return what it found."""
    return freshness(project=str(workspace.opened.path))


def _tell(workspace: Workspace, one: Freshness) -> None:
    """Let automations know that a source is late."""
    emit_event(
        event=FRESHNESS_PASSED,
        resource={
            "prefect.resource.id": f"headwater.source.{workspace.opened.project.project}.{one.source}",
            "prefect.resource.name": one.source,
        },
        payload={"state": one.state, "age_s": one.age_s, "looked_s": one.looked_s, "max_age": one.max_age},
    )
