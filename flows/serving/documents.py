"""GET /v1/documents/{id}: the document that a citation is a span of."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query

from flows.serving.callers import Reads, Served
from flows.workspace import Workspace
from infra.store import releases
from infra.store.documents import readable_document
from schemas.api import DocumentAnswer
from schemas.errors import NotFoundError

router = APIRouter(prefix="/v1", tags=["documents"])
AtRelease = Annotated[int | None, Query(ge=1, description="The newest without it.")]


@router.get("/documents/{document_id}")
async def get_document(
    document_id: str, caller: Reads, serving: Served, release: AtRelease = None
) -> DocumentAnswer:
    """A document at a release. One that the caller may not read is answered like one that is not there."""
    entries = caller.principal.entries()
    return await serving.run(partial(_document, serving.workspace, document_id, entries, release))


def _document(
    workspace: Workspace, document_id: str, entries: tuple[str, ...], number: int | None
) -> DocumentAnswer:
    newest = releases.current(workspace.store)
    if newest is None:
        raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
    pinned = newest if number is None else releases.get(workspace.store, number)
    row: dict[str, Any] | None = readable_document(workspace.store, pinned, newest, entries, document_id)
    if row is None:
        raise NotFoundError(
            f"there is no document {document_id!r} for you at release {pinned.release}",
            fix="take the document_id of a citation, and the release of its context",
        )
    shown = {name: row[name] for name in DocumentAnswer.model_fields if name in row}
    return DocumentAnswer(**shown, release=pinned.release)
