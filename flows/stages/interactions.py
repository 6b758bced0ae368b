"""What was served as rows of the log: the exact context, and who may read all that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.stages.conversations import Answers
from flows.stages.features import look_up
from flows.stages.log_privacy import LogPrivacy
from flows.workspace import Workspace
from infra.store import Store, releases
from infra.store.filters import is_in
from infra.store.interactions import append_interactions, interaction
from schemas.acl import intersection
from schemas.context import Context, ContextRequest, Message
from schemas.errors import NotFoundError
from transforms.prompt import NOTHING

Acls = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A context that was served, and the answer that was generated from it, if one was."""

    request: ContextRequest
    context: Context
    interface: str
    asked_at: datetime
    latency_ms: float
    answer: str | None = None
    model: str | None = None
    turns: tuple[Message, ...] = ()
    """What the caller sent before the question: earlier turns, and system messages of its own."""

    @property
    def earlier(self) -> tuple[str, ...]:
        """What earlier turns answered from passages, as the caller says."""
        said = (turn.content for turn in self.turns if turn.role == "assistant")
        return tuple(one for one in said if one and one != NOTHING)


def log_served(workspace: Workspace, served: Sequence[Interaction]) -> None:
    """Append contexts that were served to the log, in one commit."""
    privacy = LogPrivacy(workspace)
    served = [privacy.interaction(one) for one in served]
    acls = {number: _acls(workspace, number, served) for number in {one.context.release for one in served}}
    answers, rows = Answers(workspace.store, (one.earlier for one in served)), []
    for one in served:
        rows.append(_row(workspace, one, acls[one.context.release], answers))
        answers.add(rows[-1])
    append_interactions(workspace.store, rows)


def interaction_of(store: Store, context_id: str) -> Interaction | None:
    """Return a context that was served from the log; None for an id that is not in it."""
    try:
        row = interaction(store, context_id)
    except NotFoundError:
        return None
    return Interaction(
        request=ContextRequest.model_validate_json(row["request"]),
        context=Context.model_validate_json(row["context"]),
        interface=row["interface"],
        asked_at=row["asked_at"],
        latency_ms=row["latency_ms"],
        answer=row["answer"],
        model=row["model"],
    )


def _row(workspace: Workspace, one: Interaction, acls: Acls, answers: Answers) -> dict[str, Any]:
    context, request = one.context, one.request
    documents = list(dict.fromkeys(citation.document_id for citation in context.citations))
    shown = [acls.get(document, ()) for document in documents]
    chunks = [
        chunk for citation in context.citations for chunk in (citation.chunk_ids or (citation.chunk_id,))
    ]
    acl = intersection([*shown, *_of_facts(workspace, request, context)])
    if one.earlier:
        basis = answers.basis_of(request.principal.user, one.earlier)
        acl = intersection([acl, basis.acl])
        documents, chunks = [*documents, *basis.document_ids], [*chunks, *basis.chunk_ids]
    return {
        "context_id": context.context_id,
        "asked_at": one.asked_at,
        "interface": one.interface,
        "user": request.principal.user,
        "groups": list(request.principal.groups),
        "view": context.context_view,
        "release": context.release,
        "digest": context.digest,
        "question": request.question,
        "request": request.model_dump_json(),
        "context": context.model_dump_json(),
        "answerable": context.answerable,
        "chunk_ids": list(dict.fromkeys(chunks)),
        "document_ids": list(dict.fromkeys(documents)),
        "acl": list(acl),
        "answer": one.answer,
        "model": one.model,
        "latency_ms": one.latency_ms,
    }


def _acls(workspace: Workspace, number: int, served: Sequence[Interaction]) -> Acls:
    """Return who may read each document that contexts of a release show; of one that is gone, nobody."""
    wanted = {
        citation.document_id
        for one in served
        if one.context.release == number
        for citation in one.context.citations
    }
    if not wanted:
        return {}
    try:
        version = releases.get(workspace.store, number).tables["documents"].version
    except NotFoundError:
        return {}
    where = is_in("document_id", sorted(wanted))
    rows = workspace.store.scan("documents", ["document_id", "acl"], where=where, version=version).to_pylist()
    return {row["document_id"]: tuple(row["acl"]) for row in rows}


def _of_facts(workspace: Workspace, request: ContextRequest, context: Context) -> Iterable[Sequence[str]]:
    """Yield who may read each fact that a context shows."""
    if not context.features:
        return
    project = workspace.opened.project
    view = project.context_views.get(context.context_view)
    functions = {one.label: one.acl for one in view.functions} if view else {}
    release = releases.get(workspace.store, context.release)
    for name in context.features:
        if name in functions:
            yield functions[name]
            continue
        key = request.entities.get(workspace.opened.feature(name).entity, "")
        try:
            row = look_up(workspace, release, name, key, request.principal.entries(), request.as_of)
        except NotFoundError:  # a feature that the newest release no longer has
            row = None
        yield tuple(row["acl"]) if row else ()
