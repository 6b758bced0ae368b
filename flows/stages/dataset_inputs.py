"""What a dataset's builder is handed: the released rows, and the served retrieval as the audience."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from flows.stages.contexts import context, retrieve
from flows.stages.dataset_plan import Plan
from flows.workspace import Workspace
from infra.store import releases
from infra.store.denials import forbidden
from infra.store.filters import is_in
from schemas.acl import EVERYONE, parse_entry
from schemas.context import ContextRequest, Principal
from schemas.document import DOCUMENT
from transforms.datasets.duplicates import families
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
    principal = principal_of(plan.section.audience)
    index = plan.release.indexes[plan.view_section.index]

    def request(question: str) -> ContextRequest:
        return ContextRequest(
            question=question, view=plan.view, principal=principal, release=plan.release.release
        )

    return Inputs(
        documents=_documents(workspace, plan),
        chunks=Chunks(_chunks(workspace, plan)),
        audience=plan.section.audience,
        closed=_closed(workspace, plan),
        ask=lambda question: context(workspace, request(question)),
        search=lambda question: retrieve(workspace, request(question)).hits,
        tokenizer=workspace.embedder_for(index["embedder"], index["embedder_fp"]).tokenizer,
    )


def principal_of(audience: tuple[str, ...]) -> Principal:
    """Return who asks the retrieval for an audience: anonymous, or its first entry.

    With several entries the others are checked row by row: no principal stands for what all of them may read.
    """
    if EVERYONE in audience or not audience:
        return Principal()
    kind, name = parse_entry(min(audience))
    return Principal(user=name) if kind == "user" else Principal(groups=(name,))


def _documents(workspace: Workspace, plan: Plan) -> pa.Table:
    where = is_in("source", plan.sources) if plan.sources else None
    version = plan.release.tables["documents"].version
    there = workspace.store.open("documents", version=version).schema.names
    columns = [name for name in DOCUMENT_COLUMNS if name in there]
    rows = workspace.store.scan("documents", columns, where=where, version=version)
    if "messages" not in there:  # of a release that an older version made
        rows = rows.append_column(
            DOCUMENT.field("messages"), pa.nulls(len(rows), DOCUMENT.field("messages").type)
        )
    return rows.sort_by([("source", "ascending"), ("key", "ascending"), ("n", "ascending")])


def _chunks(workspace: Workspace, plan: Plan) -> pa.Table:
    sources = {*plan.view_section.sources, *plan.sources} if plan.view_section.sources else set()
    where = is_in("source", sorted(sources)) if sources else None
    columns = [*CHUNK_COLUMNS, "vector"] if plan.type.vectors else CHUNK_COLUMNS
    rows = workspace.store.scan(plan.chunks.name, columns, where=where, version=plan.chunks.version)
    return rows.sort_by("chunk_id")


def _closed(workspace: Workspace, plan: Plan) -> frozenset[str]:
    """Documents that an entry of the audience could read at the release, and no longer may."""
    newest = releases.current(workspace.store) or plan.release
    closed: set[str] = set()
    for entry in plan.section.audience:
        entries = principal_of((entry,)).entries()
        closed.update(forbidden(workspace.store, plan.release, newest, entries))
    return frozenset(closed)


def families_of(inputs: Inputs) -> dict[str, str]:
    """Return each document's family: near-duplicates and the parts of one thread."""
    rows = (inputs.documents[name].to_pylist() for name in ("document_id", "text"))
    return families(zip(*rows, strict=True), _same_threads(inputs))


def _same_threads(inputs: Inputs) -> list[list[str]]:
    """Return the documents that are parts of one thread: an export of a chat may have a file for each day."""
    parts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in inputs.rows(("document_id", "source", "record", "messages")):
        if row["messages"] is not None:
            parts[row["source"], row["record"]].append(row["document_id"])
    return list(parts.values())
