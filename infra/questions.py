"""Reading questions whose answers are known: a BEIR-shaped folder, or a JSONL file; errors name the line."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import field_validator

from infra.json_lines import bytes_of, checked, rows_of, text_of
from schemas.context import Frozen, Principal
from schemas.errors import ConfigError
from schemas.evaluation import ExpectedSpan, Grade, Question, QuestionSet
from schemas.section import ACL_FORMS

QRELS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv")
"""Where a BEIR-shaped folder keeps its judgments; the first that is there counts."""

SHAPE = '{"question": "...", "expected": {"document": "notes/a.md", "text": "..."}}'
QREL_COLUMNS = 3


class Expectation(Frozen):
    """What a line of a JSONL file expects: a document, and if it says so the place in it, or an answer."""

    document: str | None = None
    grade: Grade = 1
    text: str | None = None
    span: tuple[int, int] | None = None
    answer: str | None = None


class Line(Frozen):
    """One line of a JSONL file of questions."""

    question: str
    expected: tuple[Expectation, ...] = ()
    answerable: bool = True
    id: str | None = None
    principal: str | None = None
    groups: tuple[str, ...] = ()

    @field_validator("expected", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


def read_questions(path: Path) -> QuestionSet:
    """Return the questions of a folder or file, and the hash of what was read.

    Raises ConfigError, naming the file and its line, for what is missing, unreadable or not a question.
    """
    files = _files(path)
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(bytes_of(file, SHAPE)).digest())
    read = _of_folder(files) if path.is_dir() else _of_file(path)
    questions: dict[str, Question] = {}
    for where, question in read:
        if question.id in questions:
            raise ConfigError(f"{where}: the id {question.id!r} is there twice", fix="give each its own")
        questions[question.id] = question
    if not questions:
        raise ConfigError(f"{path} has no question that says what it expects", fix=f"write lines of {SHAPE}")
    return QuestionSet(questions=tuple(questions.values()), path=str(path), hash=digest.hexdigest())


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    qrels = [path / name for name in QRELS if (path / name).is_file()][:1]
    spans = [path / "spans.jsonl"] if (path / "spans.jsonl").is_file() else []
    if not qrels and not spans:
        raise ConfigError(
            f"the folder {str(path)!r} has no judgments: neither {', '.join(QRELS)} nor spans.jsonl",
            fix="name a BEIR-shaped folder, or a JSONL file of questions",
        )
    return [path / "queries.jsonl", *qrels, *spans]


def _of_file(path: Path) -> Iterator[tuple[str, Question]]:
    for where, row in rows_of(path, SHAPE):
        line = checked(where, SHAPE, Line, row)
        documents = {one.document: one.grade for one in line.expected if one.document is not None}
        yield where, checked(where, SHAPE, Question, {
            "id": line.id or where.rpartition(" ")[2],
            "question": line.question,
            "documents": documents,
            "spans": [_span(where, one) for one in line.expected if one.span or one.text is not None],
            "answers": [one.answer for one in line.expected if one.answer is not None],
            "answerable": line.answerable,
            "principal": who_asks(where, line.principal, line.groups),
        })  # fmt: skip


def who_asks(where: str, principal: str | None, groups: tuple[str, ...]) -> Principal:
    """Return a line's principal, anonymous where none is named. Raises ConfigError naming the place."""
    bare = tuple(group.removeprefix("group:") for group in groups)
    who = Principal(user=(principal or "").removeprefix("user:") or None, groups=bare)
    try:
        who.entries()
    except ValueError as problem:
        raise ConfigError(f"{where}: {problem}", fix=f"write {ACL_FORMS}") from None
    return who


def _span(where: str, one: Expectation) -> ExpectedSpan:
    if one.document is None:
        raise ConfigError(f"{where}: expects a place, and names no document", fix='add "document" to it')
    start, end = one.span or (None, None)
    given = {"document": one.document, "start": start, "end": end, "text": one.text}
    return checked(where, SHAPE, ExpectedSpan, given)


def _of_folder(files: list[Path]) -> Iterator[tuple[str, Question]]:
    queries, *judged = files
    texts = {_field(where, row, "_id"): (where, row) for where, row in rows_of(queries, SHAPE)}
    documents: dict[str, dict[str, int]] = defaultdict(dict)
    spans: dict[str, list[ExpectedSpan]] = defaultdict(list)
    for file in judged:
        for where, query, document, found in _spans(file) if file.suffix == ".jsonl" else _qrels(file):
            if query not in texts:
                raise ConfigError(f"{where}: judges query {query!r}, which {queries.name} does not have",
                                  fix="mend the id, or take the line away")  # fmt: skip
            if isinstance(found, int):
                documents[query][document] = found
            else:
                spans[query].append(found)
    for query, (where, row) in texts.items():
        answerable = row.get("answerable", True) is True
        if answerable and query not in documents and query not in spans:
            continue  # of another split: BEIR keeps all its queries in one file
        yield where, checked(where, SHAPE, Question, {
            "id": query, "question": _field(where, row, "text"), "documents": documents.get(query, {}),
            "spans": spans.get(query, ()), "answerable": answerable,
        })  # fmt: skip


def _qrels(path: Path) -> Iterator[tuple[str, str, str, int | ExpectedSpan]]:
    rows = csv.reader(text_of(path, SHAPE).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for n, row in enumerate(rows, start=1):
        where = f"{path.name}, line {n}"
        if (n == 1 and row[:1] == ["query-id"]) or not row:
            continue
        if len(row) != QREL_COLUMNS or not row[2].strip().isdecimal():
            raise ConfigError(
                f"{where}: is not query-id, corpus-id and a grade, separated by tabs",
                fix="mend the line",
            )
        yield where, row[0], row[1], int(row[2])


def _spans(path: Path) -> Iterator[tuple[str, str, str, int | ExpectedSpan]]:
    for where, row in rows_of(path, SHAPE):
        document = _field(where, row, "doc_id")
        given = {
            "document": document,
            "start": row.get("start"),
            "end": row.get("end"),
            "text": row.get("text"),
        }
        yield where, _field(where, row, "query_id"), document, checked(where, SHAPE, ExpectedSpan, given)


def _field(where: str, row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str | int):
        raise ConfigError(f"{where}: has no {name!r}", fix=f"add it: a BEIR line has {name!r}")
    return str(value)
