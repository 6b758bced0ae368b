"""Interactions and feedback in a project's own logs, as the server writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flows.stages.contexts import context
from infra.store.interactions import append_feedback, append_interactions
from schemas.acl import intersection
from schemas.context import Context, ContextRequest
from tests.flows.projects import Project
from tests.transforms.datasets.judgments import feedback, interaction


def serve(
    project: Project,
    question: str,
    answer: str | None,
    *,
    at: datetime,
    release: int | None = None,
    **request: Any,
) -> Context:
    """Ask a question, log the context and its answer, and return the context."""
    workspace = project.open()
    asked = ContextRequest(question=question, release=release, **request)
    found = context(workspace, asked)
    shown = {chunk for one in found.citations for chunk in one.chunk_ids}
    acls = [row["acl"] for row in project.chunks("chunk_id", "acl") if row["chunk_id"] in shown]
    row = interaction(found, answer, acl=intersection(acls), asked_at=at)
    row["request"] = asked.model_dump_json()
    append_interactions(workspace.store, [row])
    return found


def say(project: Project, said: Sequence[tuple[str, Context, dict[str, Any]]]) -> None:
    """Log what people say: a kind of feedback, the context it is about, and its columns."""
    rows = [feedback(kind, about.context_id, **columns) for kind, about, columns in said]
    append_feedback(project.open().store, rows)
