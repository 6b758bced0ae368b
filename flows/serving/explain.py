"""GET /v1/explain/{context_id}: a context that was served, and why it holds what it holds."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter

from flows.serving.callers import Caller, Reads, Served
from flows.stages.contexts import context as assemble
from flows.stages.interactions import Interaction
from flows.workspace import Workspace
from schemas.api import Explanation
from schemas.context import Candidate
from schemas.errors import HeadwaterError
from transforms.personal import has_placeholder

router = APIRouter(prefix="/v1", tags=["context"])
REPLACED = "personal data in the question was replaced in the log, so it was asked again with placeholders"


@router.get("/explain/{context_id}")
async def explain(context_id: str, caller: Reads, serving: Served) -> Explanation:
    """A context asked again at its release, with every candidate; its asker and admins may see it.

    What was served is answered too where asking again gives the same; if it does not, or where earlier turns
    of a conversation are in it, to admins alone, since the asker may have lost rights since.
    """
    served = await serving.served(context_id, caller)
    return await serving.run(partial(_explanation, serving.workspace, served, caller))


def _explanation(workspace: Workspace, served: Interaction, caller: Caller) -> Explanation:
    context = served.context
    again, note = _again(workspace, served, caller)
    unchanged = again is not None and again.digest == context.digest
    if again is not None and not unchanged and has_placeholder(context.question):
        note = REPLACED
    seen: dict[str, Any] = {"context": None, "answer": None, "model": None}
    alone = all(message.role != "assistant" for message in context.messages)
    if (unchanged and alone) or caller.may("admin"):
        seen = {"context": context, "answer": served.answer, "model": served.model}
    candidates: tuple[Candidate, ...] = again.explain if again else ()
    return Explanation(
        context_id=context.context_id,
        asked_at=served.asked_at,
        interface=served.interface,
        principal=served.request.principal,
        release=context.release,
        context_view=context.context_view,
        question=context.question,
        digest=context.digest,
        unchanged=unchanged,
        candidates=candidates,
        note=note,
        **seen,
    )


def _again(workspace: Workspace, served: Interaction, caller: Caller) -> Any:
    """Return the context as it would be served now, or why it cannot be; of that an admin is told alone."""
    pinned = {"release": served.context.release, "as_of": None, "explain": True}
    request = served.request.model_copy(update=pinned)
    try:
        return assemble(workspace, request), None
    except HeadwaterError as problem:
        if not caller.may("admin"):
            raise
        return None, problem.detail
