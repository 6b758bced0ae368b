"""What a dataset's builder is handed: the released rows, and the served retrieval as the audience."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pyarrow as pa

from flows.stages.contexts import context
from flows.stages.dataset_logs import logs_of, shown_documents
from flows.stages.dataset_pins import EARLIER
from flows.stages.dataset_plan import Plan
from flows.stages.retrieving import retrieve
from flows.workspace import Workspace
from infra.store import releases
from infra.store.denials import forbidden
from infra.store.filters import is_in
from schemas.acl import EVERYONE, parse_entry
from schemas.context import Context, ContextRequest, Principal
from schemas.document import DOCUMENT
from transforms.datasets.inputs import Chunks, Inputs

DOCUMENT_COLUMNS = (
    "document_id", "source", "key", "n", "record", "uri", "title", "text", "elements", "messages", "language",
    "acl", "status",
)  # fmt: skip
CHUNK_COLUMNS = (
    "chunk_id", "document_id", "source", "uri", "start", "end", "quote", "text", "title", "headings", "acl"
)  # fmt: skip


def inputs_of(workspace: Workspace, plan: Plan) -> Inputs:
    """Return what the builder is handed: the released rows, and the served retrieval as the audience."""
    index = plan.release.indexes[plan.view_section.index]
    logs = logs_of(workspace, plan) if plan.type.interactions else {}
    which = is_in("document_id", shown_documents(logs)) if logs else _of_sources(plan.sources)
    seen = which if logs else _of_sources(_seen(plan))
    earlier = plan.pins.get(EARLIER)

    def ask(
        question: str, *, hidden: Collection[str] = (), top_k: int | None = None, outside: bool = False
    ) -> Context:
        request = _request(plan, question, Principal() if outside else None)
        return context(workspace, request, hidden=hidden, top_k=top_k)

    return Inputs(
        documents=_documents(workspace, plan, which),
        chunks=Chunks(_chunks(workspace, plan, seen)),
        audience=plan.section.audience,
        closed=closed_of(workspace, plan),
        ask=ask,
        search=lambda question: retrieve(workspace, _request(plan, question)).hits,
        tokenizer=workspace.embedder_for(index["embedder"], index["embedder_fp"]).tokenizer,
        release=plan.release.release,
        earlier=inputs_of(workspace, _at(workspace, plan, earlier)) if earlier else None,
        **logs,
    )


def _at(workspace: Workspace, plan: Plan, release: int) -> Plan:
    """Return the plan at an earlier release, which is compared with no other."""
    pinned = releases.get(workspace.store, release)
    return replace(plan, release=pinned, chunks=plan.tables[release], pins={})


def _request(plan: Plan, question: str, principal: Principal | None = None) -> ContextRequest:
    asks = principal or principal_of(plan.section.audience)
    return ContextRequest(question=question, view=plan.view, principal=asks, release=plan.release.release)


def principal_of(audience: tuple[str, ...]) -> Principal:
    """Return who asks the retrieval for an audience: anonymous, or its first entry.

    With several entries the others are checked row by row: no principal stands for what all of them may read.
    """
    if EVERYONE in audience or not audience:
        return Principal()
    kind, name = parse_entry(min(audience))
    return Principal(user=name) if kind == "user" else Principal(groups=(name,))


def _of_sources(sources: Collection[str]) -> str | None:
    return is_in("source", sorted(sources)) if sources else None


def _seen(plan: Plan) -> Collection[str]:
    """Return the sources whose chunks may be in a prompt; none means all."""
    return {*plan.view_section.sources, *plan.sources} if plan.view_section.sources else ()


def _documents(workspace: Workspace, plan: Plan, where: str | None) -> pa.Table:
    version = plan.release.tables["documents"].version
    there = workspace.store.open("documents", version=version).schema.names
    columns = [name for name in DOCUMENT_COLUMNS if name in there]
    rows = workspace.store.scan("documents", columns, where=where, version=version)
    if "messages" not in there:  # of a release that an older version made
        rows = rows.append_column(
            DOCUMENT.field("messages"), pa.nulls(len(rows), DOCUMENT.field("messages").type)
        )
    return rows.sort_by([("source", "ascending"), ("key", "ascending"), ("n", "ascending")])


def _chunks(workspace: Workspace, plan: Plan, where: str | None) -> pa.Table:
    columns = [*CHUNK_COLUMNS, "vector"] if plan.type.vectors else CHUNK_COLUMNS
    rows = workspace.store.scan(plan.chunks.name, columns, where=where, version=plan.chunks.version)
    return rows.sort_by("chunk_id")


def closed_of(workspace: Workspace, plan: Plan) -> frozenset[str]:
    """Return the documents that an entry of the audience could read at the release, and no longer may."""
    newest = releases.current(workspace.store) or plan.release
    closed: set[str] = set()
    for entry in plan.section.audience:
        entries = principal_of((entry,)).entries()
        closed.update(forbidden(workspace.store, plan.release, newest, entries))
    return frozenset(closed)
