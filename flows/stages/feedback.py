"""Feedback on contexts that were served: recorded with the owner of what it is about, and listed."""

from __future__ import annotations

import uuid
from typing import Any

from flows.stages.interactions import Interaction
from flows.stages.log_privacy import LogPrivacy
from flows.workspace import Workspace
from infra.store import Store, releases
from infra.store.filters import both, equals
from infra.store.interactions import append_feedback, feedback
from schemas.api import FeedbackBody
from schemas.context import Citation
from schemas.errors import ConfigError, NotFoundError

OWNER = "owner"


def record_feedback(
    workspace: Workspace, served: Interaction, body: FeedbackBody, labeler: str | None
) -> dict[str, Any]:
    """Log what somebody says of a context, and return the row. Raises ConfigError for a citation it lacks."""
    privacy = LogPrivacy(workspace)

    def said(text: str | None) -> str | None:
        return None if text is None else privacy.said(text, served.context)

    row = {
        "feedback_id": uuid.uuid4().hex,
        "context_id": served.context.context_id,
        "at": workspace.clock(),
        "kind": body.kind,
        "labeler": labeler,
        "expert": body.expert,
        "score": body.score,
        "answer": said(body.answer),
        "edited": said(body.edited),
        "ranking": [said(one) for one in body.ranking] if body.ranking else None,
        "citation": body.citation,
        "comment": said(body.comment),
        "owner": None,
        "document_id": None,
        "uri": None,
    }
    if body.citation is not None:
        cited = _cited(served, body.citation)
        row |= {
            "owner": _owner(workspace, served.context.release, cited),
            "document_id": cited.document_id,
            "uri": cited.uri,
        }
    append_feedback(workspace.store, [row])
    return row


def recorded(store: Store, *, limit: int, **wanted: str | None) -> list[dict[str, Any]]:
    """Return feedback whose columns have the values wanted, the newest first."""
    where = both(*(equals(name, value) for name, value in wanted.items() if value is not None))
    rows: list[dict[str, Any]] = feedback(store, where=where).to_pylist()
    return rows[::-1][:limit]


def _cited(served: Interaction, n: int) -> Citation:
    found = [citation for citation in served.context.citations if citation.n == n]
    if not found:
        raise ConfigError(
            f"the context has no citation {n}", fix="give the `n` of one of the context's citations"
        )
    return found[0]


def _owner(workspace: Workspace, number: int, cited: Citation) -> str | None:
    """Return who owned the document's source at the release, or who does now where that has expired."""
    section = workspace.opened.project.sources.get(cited.source)
    try:
        version = releases.get(workspace.store, number).tables["documents"].version
    except NotFoundError:
        return section.owner if section else None
    where = equals("document_id", cited.document_id)
    rows = workspace.store.scan("documents", ["labels"], where=where, version=version).to_pylist()
    labels = {label["name"]: label["value"] for row in rows for label in row["labels"]}
    owner: str | None = labels.get(OWNER)
    return owner
