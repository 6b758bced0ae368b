"""The contexts flow: a file of questions asked several at once, as a Prefect flow run (batch inference)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.artifact_progress import ArtifactProgress
from flows.stages.many_contexts import WORKERS, ManyContexts, write_contexts
from flows.workspace import Workspace, open_workspace
from infra.requests import read_requests


@flow(name="assemble-contexts", persist_result=False)
def assemble_contexts(
    requests: str,
    out: str,
    project: str = "headwater.yaml",
    release: int | None = None,
    workers: int = WORKERS,
) -> dict[str, Any]:
    """Assemble the context of every request of a file, all at one release.

    Args:
        requests: A JSONL file with a request per line: question, view, principal, groups, filters, entities.
        out: The JSONL file to write, a context per line in the same order.
        project: The project file.
        release: The release to ask; the newest without it.
        workers: Requests in work at once.
    """
    workspace = open_workspace(project, progress=ArtifactProgress())
    asked = list(read_requests(Path(requests)))
    done = write_contexts(workspace, asked, Path(out), release=release, workers=workers).as_dict()
    create_table_artifact(
        key="contexts", table=[done], description=f"The contexts of {requests}, at release {done['release']}"
    )
    return done


def contexts_in_workspace(
    workspace: Workspace, requests: Path, out: Path, *, release: int | None, workers: int
) -> ManyContexts:
    """Run the flow for an open workspace and return what became of the requests."""
    done = assemble_contexts(
        requests=str(requests.resolve()),
        out=str(out.resolve()),
        project=str(workspace.opened.path),
        release=release,
        workers=workers,
    )
    return ManyContexts(**done)
