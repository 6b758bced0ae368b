"""The contexts flow: a file of questions asked several at once, as a Prefect flow run (batch inference)."""

from __future__ import annotations

from datetime import datetime
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
    as_of: datetime | None = None,
    workers: int = WORKERS,
) -> dict[str, Any]:
    """Assemble the context of every request of a file, all at one release.

    Args:
        requests: A JSONL file with a request per line: question, view, principal, groups, filters, entities.
        out: The JSONL file to write, a context per line in the same order.
        project: The project file.
        release: The release to ask; the newest without it.
        as_of: The release of that time, and facts as they were then, in place of `release`.
        workers: Requests in work at once.
    """
    workspace = open_workspace(project, progress=ArtifactProgress())
    asked = list(read_requests(Path(requests)))
    written = write_contexts(workspace, asked, Path(out), release=release, as_of=as_of, workers=workers)
    done = written.as_dict()
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
