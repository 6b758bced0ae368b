"""Rows of the logs of interactions and feedback, as the server writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pyarrow as pa

from schemas.context import Context, ContextRequest
from schemas.interaction import FEEDBACK, INTERACTION
from transforms.datasets.inputs import Inputs

START = datetime(2026, 5, 1, 9, tzinfo=UTC)
NUMBERS = count(1)


def at(minutes: float) -> datetime:
    """Return a time so many minutes after the first question."""
    return START + timedelta(minutes=minutes)


def interaction(
    served: Context, answer: str | None, *, acl: Sequence[str] = ("everyone",), **columns: Any
) -> dict[str, Any]:
    """Return the row of a context that was served and answered."""
    request = ContextRequest(question=served.question, **columns.pop("request", {}))
    row = {
        "context_id": served.context_id,
        "asked_at": START,
        "interface": "ask",
        "user": None,
        "groups": [],
        "view": served.context_view,
        "release": served.release,
        "digest": served.digest,
        "question": served.question,
        "request": request.model_dump_json(),
        "context": served.model_dump_json(),
        "answerable": served.answerable,
        "chunk_ids": [citation.chunk_id for citation in served.citations],
        "document_ids": [citation.document_id for citation in served.citations],
        "acl": list(acl),
        "answer": answer,
        "model": "scripted",
        "latency_ms": 12.5,
    }
    return row | columns


def feedback(kind: str, context_id: str = "c", *, by: str | None = "ann", **columns: Any) -> dict[str, Any]:
    """Return the row of what somebody says, later than every row before."""
    number = next(NUMBERS)
    row = {
        "feedback_id": f"f{number:06}",
        "context_id": context_id,
        "at": at(number),
        "kind": kind,
        "labeler": by,
        "expert": False,
        "score": None,
        "answer": None,
        "edited": None,
        "ranking": None,
        "citation": None,
        "comment": None,
    }
    return row | columns


def logged(given: Inputs, interactions: Sequence[dict[str, Any]], said: Sequence[dict[str, Any]]) -> Inputs:
    """Return a builder's inputs with these logs."""
    return replace(
        given,
        interactions=pa.Table.from_pylist(list(interactions), schema=INTERACTION),
        feedback=pa.Table.from_pylist(list(said), schema=FEEDBACK).sort_by("at"),
    )


def messages(context: Context) -> list[dict[str, str]]:
    """Return a context's messages as JSON has them."""
    found: list[dict[str, str]] = json.loads(context.model_dump_json())["messages"]
    return found
