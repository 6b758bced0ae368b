"""What questions expect, found at a release: documents by any of their names, spans by their characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.workspace import Workspace
from infra.store.filters import is_in
from schemas.evaluation import ExpectedSpan, Missing, Question, Why
from schemas.release import Release
from transforms.evaluation.scoring import Expected
from transforms.evaluation.spans import Place, located, tokens_of

COLUMNS = ("document_id", "source", "key", "record", "uri", "acl")
LOOKUP = 500
"""Documents whose texts are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A document that a question may mean."""

    document_id: str
    acl: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What can be asked at a release, and what cannot be found there."""

    of: dict[str, Expected]
    """By question id; a question that expects something and finds none of it there is not in it."""
    missing: tuple[Missing, ...]


def expectations(workspace: Workspace, release: Release, questions: Sequence[Question]) -> Expectations:
    """Find at a release what questions expect.

    A document is called by its id, its URI, its key, `source/key`, or `key#record` for one record of an item;
    a key alone means all the item's records.
    """
    wanted = {name for question in questions for name in _names(question)}
    named = _named(workspace, release, wanted)
    texts = _texts(workspace, release, questions, named)
    missing: list[Missing] = []
    of = {}
    for question in questions:
        found, lost = _expected(question, named, texts)
        missing += lost
        if not _names(question) or found.names:
            of[question.id] = found
    return Expectations(of=of, missing=tuple(missing))


def _names(question: Question) -> list[str]:
    return list(dict.fromkeys([*question.documents, *(span.document for span in question.spans)]))


def _named(workspace: Workspace, release: Release, wanted: set[str]) -> dict[str, list[Named]]:
    version = release.tables["documents"].version
    rows = workspace.store.scan("documents", COLUMNS, version=version)
    names = pa.array(sorted(wanted), pa.string())
    found: dict[str, dict[str, Named]] = defaultdict(dict)
    for column in _called(rows):
        kept = pc.is_in(column, names)
        for name, row in zip(column.filter(kept).to_pylist(), rows.filter(kept).to_pylist(), strict=True):
            found[name][row["document_id"]] = Named(document_id=row["document_id"], acl=frozenset(row["acl"]))
    return {name: list(documents.values()) for name, documents in found.items()}


def _called(rows: pa.Table) -> list[Any]:
    """Return what each document is called, one column for each way to call it."""
    record = pc.coalesce(pc.binary_join_element_wise("#", rows["record"], ""), "")
    one = pc.binary_join_element_wise(rows["key"], record, "")
    keys = (rows["key"], one)
    inside = [pc.binary_join_element_wise(rows["source"], key, "/") for key in keys]
    return [rows["document_id"], rows["uri"], *keys, *inside]


def _texts(
    workspace: Workspace, release: Release, questions: Iterable[Question], named: dict[str, list[Named]]
) -> dict[str, str]:
    """Return the text of every document in which a place is expected."""
    names = {span.document for question in questions for span in question.spans}
    ids = sorted({one.document_id for name in names for one in named.get(name, ())})
    version = release.tables["documents"].version
    texts: dict[str, str] = {}
    for at in range(0, len(ids), LOOKUP):
        where = is_in("document_id", ids[at : at + LOOKUP])
        rows = workspace.store.scan("documents", ["document_id", "text"], where=where, version=version)
        texts |= dict(zip(rows["document_id"].to_pylist(), rows["text"].to_pylist(), strict=True))
    return texts


def _expected(
    question: Question, named: dict[str, list[Named]], texts: dict[str, str]
) -> tuple[Expected, list[Missing]]:
    names, missing = _readable(question, named)
    spans: list[Place] = []
    for span in question.spans:
        documents = [document_id for document_id, name in names.items() if name == span.document]
        places = filter(None, (_place(document_id, span, texts) for document_id in documents))
        if (place := next(places, None)) is not None:
            spans.append(place)
        elif documents:
            missing.append(
                Missing(id=question.id, document=span.document, why="no such text in the document")
            )
    expected = Expected(
        grades=question.documents or {span.document: 1 for span in question.spans},
        names=names,
        spans=tuple(spans),
        tokens=tuple(token for place in spans for token in tokens_of(texts[place.document_id], place)),
        answers=question.answers,
    )
    return expected, missing


def _readable(question: Question, named: dict[str, list[Named]]) -> tuple[dict[str, str], list[Missing]]:
    """Return document id -> name of what is there and the asker may read, and what is not."""
    entries = set(question.principal.entries())
    names: dict[str, str] = {}
    missing = []
    for name in _names(question):
        readable = [one.document_id for one in named.get(name, ()) if one.acl & entries]
        names = dict.fromkeys(readable, name) | names
        if not readable:
            why: Why = "not readable by who asks" if name in named else "no such document"
            missing.append(Missing(id=question.id, document=name, why=why))
    return names, missing


def _place(document_id: str, span: ExpectedSpan, texts: dict[str, str]) -> Place | None:
    whole = texts[document_id]
    if span.start is None or span.end is None:
        found = located(whole, span.text or "")
        return Place(document_id=document_id, start=found[0], end=found[1]) if found else None
    return Place(document_id=document_id, start=span.start, end=span.end) if span.end <= len(whole) else None
