"""Export: a dataset's definition and a release become a folder that trainers read as it is."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from flows.stages.beir_folder import judged
from flows.stages.contexts import context, retrieve
from flows.stages.dataset_folder import Written, replace_folder, unfinished, write_folder
from flows.stages.dataset_plan import Plan, plan_of
from flows.workspace import Workspace
from infra.store import releases
from infra.store.denials import forbidden
from infra.store.filters import is_in
from infra.store.lock import locked
from schemas.acl import EVERYONE, parse_entry
from schemas.context import ContextRequest, Principal
from schemas.dataset import DATASET, Example, Export, Refusal, Refused
from schemas.document import DOCUMENT
from schemas.errors import RefusedError
from schemas.identity import digest
from transforms import datasets
from transforms.datasets.duplicates import families, question_key
from transforms.datasets.inputs import Chunks, Inputs

TABLE = "datasets"
DOCUMENT_COLUMNS = (
    "document_id", "source", "key", "n", "record", "uri", "title", "text", "elements", "messages", "language",
    "acl", "status",
)  # fmt: skip
CHUNK_COLUMNS = (
    "chunk_id", "document_id", "source", "uri", "start", "end", "quote", "text", "title", "headings", "acl"
)  # fmt: skip


def export(
    workspace: Workspace, name: str, *, release: int | None = None, out: str | Path | None = None
) -> Export:
    """Write a dataset's folder `<out>/<name>/<release>` from a release and return what it holds.

    Nothing is seen of the folder before it is whole. Raises NotFoundError for an unknown dataset or release,
    ConfigError for a definition that is wrong, RefusedError when every row was refused.
    """
    plan = plan_of(workspace, name, release)
    base = Path(out).resolve() if out else workspace.opened.root / "datasets"
    folder = base / name / str(plan.release.release)
    with locked(workspace.opened.store_uri, f"dataset-{name}"), unfinished(folder) as partial:
        refused: Counter[str] = Counter()
        inputs = inputs_of(workspace, plan)
        kept = _kept(workspace, plan, inputs, refused)
        rows = judged(partial, inputs, kept) if plan.parts else kept
        written = write_folder(partial, rows, _families(inputs), plan, refused)
        if not written.rows:
            raise _nothing_left(plan, inputs, refused)
        replace_folder(partial, folder)
        _remember(workspace, plan, folder, written, refused)
    return Export(
        dataset=name,
        release=plan.release.release,
        out=str(folder),
        splits=written.splits,
        refused=dict(sorted(refused.items())),
        manifest=str(folder / "_meta" / "manifest.json"),
    )


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


def _families(inputs: Inputs) -> dict[str, str]:
    rows = (inputs.documents[name].to_pylist() for name in ("document_id", "text"))
    return families(zip(*rows, strict=True), _same_threads(inputs))


def _same_threads(inputs: Inputs) -> list[list[str]]:
    """Return the documents that are parts of one thread: an export of a chat may have a file for each day."""
    parts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in inputs.rows(("document_id", "source", "record", "messages")):
        if row["messages"] is not None:
            parts[row["source"], row["record"]].append(row["document_id"])
    return list(parts.values())


def _kept(workspace: Workspace, plan: Plan, inputs: Inputs, refused: Counter[str]) -> Iterator[Example]:
    """Yield what the builder makes, without what asks the same again; count what is refused."""
    seen: set[str] = set()
    at: set[str] = set()
    for made in datasets.build(plan.section.type, inputs, plan.params):
        at.add(made.document_id)
        workspace.progress.advance(f"export {plan.name}", len(at), inputs.documents.num_rows)
        if isinstance(made, Refused):
            refused[made.reason] += 1
        elif not all(inputs.readable(use.document_id, use.acl) for use in made.uses):
            refused[Refusal.AUDIENCE] += 1
        elif (key := digest("asks", *question_key(made.question))) in seen:
            refused[Refusal.DUPLICATE] += 1
        else:
            seen.add(key)
            yield made


def _nothing_left(plan: Plan, inputs: Inputs, refused: Counter[str]) -> RefusedError:
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(refused.items())) or "no documents"
    fix = "look at the definition's source, view and settings"
    if refused[Refusal.AUDIENCE]:
        fix = "name in `audience` those who may read the source, or take a source that all of them may read"
    return RefusedError(
        f"dataset {plan.name!r} at release {plan.release.release} has no row left, out of "
        f"{inputs.documents.num_rows} documents, for {', '.join(plan.section.audience)}; refused: {told}",
        fix=fix,
        state="no file was written",
    )


def _remember(
    workspace: Workspace, plan: Plan, folder: Path, written: Written, refused: Counter[str]
) -> None:
    at = workspace.clock()
    row = {
        "export_id": digest(
            "export", plan.name, plan.release.release, plan.definition_hash, str(folder), str(at)
        ),
        "dataset": plan.name,
        "release": plan.release.release,
        "definition_hash": plan.definition_hash,
        "out": str(folder),
        "files": json.dumps(written.files, sort_keys=True),
        "counts": json.dumps({"splits": written.splits, "refused": dict(refused)}, sort_keys=True),
        "audience": list(plan.section.audience),
        "created_at": at,
    }
    workspace.store.ensure(TABLE, DATASET).add(pa.Table.from_pylist([row], schema=DATASET))
