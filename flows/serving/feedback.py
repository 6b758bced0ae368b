"""POST /v1/feedback: what somebody says of an answer; and GET, for those who look after the sources."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query

from flows.serving.callers import Administers, Judges, Served
from flows.stages.feedback import record_feedback, recorded
from schemas.api import FeedbackAnswer, FeedbackBody
from schemas.errors import AccessDeniedError
from schemas.interaction import FeedbackKind

router = APIRouter(prefix="/v1", tags=["feedback"])
SHOWN = 100


@router.post("/feedback", status_code=201)
async def post_feedback(body: FeedbackBody, caller: Judges, serving: Served) -> FeedbackAnswer:
    """Record what the asker of a context, or an admin, says of it; it is on disk when this answers."""
    judge = caller.acting(body.principal, body.groups)
    if body.expert and not caller.may("admin"):
        raise AccessDeniedError("only an admin says that an expert spoke", fix="leave `expert` out")
    served = await serving.served(body.context_id, caller if body.expert else judge)
    labeler = judge.principal.user
    row = await serving.run(partial(record_feedback, serving.workspace, served, body, labeler))
    serving.reports.tell(row)
    return FeedbackAnswer(**row)


@router.get("/feedback")
async def list_feedback(
    _caller: Administers,
    serving: Served,
    kind: FeedbackKind | None = None,
    owner: str | None = None,
    context_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = SHOWN,
) -> list[FeedbackAnswer]:
    """Feedback, the newest first; `kind=wrong_citation&owner=...` is what an owner has to look at."""
    wanted: dict[str, Any] = {"kind": kind, "owner": owner, "context_id": context_id}
    rows = await serving.run(partial(recorded, serving.workspace.store, limit=limit, **wanted))
    return [FeedbackAnswer(**row) for row in rows]
