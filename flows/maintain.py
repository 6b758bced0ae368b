"""The maintain flow: thin out, compact, clean and collect, with what it did as an artifact."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.reports import maintenance_report
from flows.stages.maintaining import Maintenance
from flows.stages.maintaining import maintain as maintain_store
from flows.tasks import as_task
from flows.workspace import Workspace, open_workspace


@flow(name="maintain", persist_result=False)
def maintain(project: str = "headwater.yaml") -> dict[str, Any]:
    """Thin out releases, compact their tables and forget what nobody uses.

    Args:
        project: The project file.
    """
    done = maintain_store(open_workspace(project), step=as_task)
    create_markdown_artifact(key="maintain", markdown=maintenance_report(done), description="Maintenance")
    return done.as_dict()


def maintain_in_workspace(workspace: Workspace) -> Maintenance:
    """Run the flow for an open workspace and return what it did."""
    return Maintenance(**maintain(project=str(workspace.opened.path)))
