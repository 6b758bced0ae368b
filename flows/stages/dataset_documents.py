"""What is known of a release's documents, besides what they say: families, labels, rights, people."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.stages.dataset_plan import Plan
from flows.workspace import Workspace
from schemas.acl import parse_entry
from transforms.datasets.duplicates import families, question_key
from transforms.datasets.inputs import Inputs
from transforms.datasets.sieves.rights import Labels, labels_of
from transforms.datasets.splits import Family

COLUMNS = ("document_id", "acl", "labels", "source_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Facts of documents by their id."""

    family: Mapping[str, Family]
    """Of those that become rows; see `family_of`."""
    labels: Mapping[str, Labels]
    """Of every document of the release."""
    acl: Mapping[str, Sequence[str]]
    people: frozenset[str]
    """Names that the data itself gives: who writes, who may read."""

    def family_of(self, document_id: str) -> Family:
        """Return a document's family; one that is made of nothing else is its own."""
        return self.family.get(document_id) or Family(name=document_id)


def documents_of(workspace: Workspace, plan: Plan, inputs: Inputs) -> Documents:
    """Return what is known of the documents of a dataset's release."""
    version = plan.release.tables["documents"].version
    rows = workspace.store.scan("documents", COLUMNS, version=version).to_pylist()
    return Documents(
        family=_families(inputs, {row["document_id"]: row["source_at"] for row in rows}),
        labels=labels_of(rows),
        acl={row["document_id"]: row["acl"] for row in rows},
        people=_people(inputs, rows),
    )


def _families(inputs: Inputs, changed: Mapping[str, datetime | None]) -> dict[str, Family]:
    columns = (inputs.documents[name].to_pylist() for name in ("document_id", "text"))
    names = families(zip(*columns, strict=True), [*_same_threads(inputs), *_same_questions(inputs)])
    newest: dict[str, datetime] = {}
    for document, name in names.items():
        at = changed.get(document)
        if at is not None:
            newest[name] = max(at, newest.get(name, at))
    made = {name: Family(name=name, newest=newest.get(name)) for name in names.values()}
    return {document: made[name] for document, name in names.items()}


def _same_threads(inputs: Inputs) -> list[list[str]]:
    """Return the documents that are parts of one thread: an export of a chat may have a file for each day."""
    parts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in inputs.rows(("document_id", "source", "record", "messages")):
        if row["messages"] is not None:
            parts[row["source"], row["record"]].append(row["document_id"])
    return list(parts.values())


def _same_questions(inputs: Inputs) -> list[list[str]]:
    """Return the documents that stood first in the contexts of a question that was asked more than once."""
    first: dict[tuple[str, ...], list[str]] = defaultdict(list)
    there = set(inputs.documents["document_id"].to_pylist())
    log = inputs.interactions
    for question, made in zip(log["question"].to_pylist(), log["context"].to_pylist(), strict=True):
        shown = json.loads(made).get("citations", [])
        if shown and shown[0]["document_id"] in there:
            first[question_key(question)].append(shown[0]["document_id"])
    return list(first.values())


def _people(inputs: Inputs, rows: Sequence[Mapping[str, Sequence[str]]]) -> frozenset[str]:
    writers = {
        message["author"]
        for row in inputs.rows(("messages",))
        for message in row["messages"] or ()
        if message["author"]
    }
    readers = (parse_entry(entry) for row in rows for entry in row["acl"])
    return frozenset(writers | {entry.name for entry in readers if entry.kind == "user"})
