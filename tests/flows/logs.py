"""Interactions and feedback in a project's own logs, written by what serves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flows.stages.contexts import context
from flows.stages.interactions import Interaction, log_served
from infra.store.interactions import append_feedback
from schemas.context import Context, ContextRequest
from tests.flows.projects import Project
from tests.transforms.datasets.judgments import feedback


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
    served = Interaction(
        request=asked, context=found, interface="ask", asked_at=at, latency_ms=5.0, answer=answer
    )
    log_served(workspace, [served])
    return found


def say(project: Project, said: Sequence[tuple[str, Context, dict[str, Any]]]) -> None:
    """Log what people say: a kind of feedback, the context it is about, and its columns."""
    rows = [feedback(kind, about.context_id, **columns) for kind, about, columns in said]
    append_feedback(project.open().store, rows)
